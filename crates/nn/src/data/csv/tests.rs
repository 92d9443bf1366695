use super::*;

fn parsed(reader: Reader, text: &str) -> Table {
    reader.parse(text.as_bytes()).expect("a table")
}

fn refusal(reader: Reader, text: &str) -> String {
    reader.parse(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn quotes_spaces_line_ends_and_delimiters_are_those_of_the_format() {
    let table = parsed(Reader::new().delimiter(b';'), "\"a;b\"; c\r\n 1.5 ;\"-2e3\"\r\n\r\ninf;0");
    assert_eq!(table.columns, ["a;b", "c"]);
    assert_eq!(
        (table.x.shape().to_vec(), table.x.to_vec::<f32>()),
        (vec![2, 2], vec![1.5, -2000.0, f32::INFINITY, 0.0])
    );
    assert_eq!((table.y.to_vec::<i64>(), table.classes.len()), (vec![0, 0], 0));
}

#[test]
fn columns_are_named_by_the_header_or_by_their_number() {
    let text = "1,2,3\n4,5,6\n";
    let table = parsed(Reader::new().header(false).columns(["2", "0"]).dtype(DType::F64), text);
    assert_eq!((table.columns.join(" "), table.x.to_vec::<f64>()), ("2 0".to_owned(), vec![3.0, 1.0, 6.0, 4.0]));
    for dtype in [DType::BF16, DType::F16, DType::I64] {
        let message = crate::panics::panic_message(|| Reader::new().dtype(dtype).header);
        assert_eq!(message, format!("csv: numbers are read as f32 or f64, not {dtype}; cast them afterwards"));
    }
    let table = parsed(Reader::new().label("3"), text);
    assert_eq!((table.x.to_vec::<f32>(), table.classes.join(" ")), (vec![4.0, 5.0], "6".to_owned()));
}

#[test]
fn classes_are_in_the_order_of_numbers_or_of_the_alphabet() {
    let classes = |text: &str| {
        let table = parsed(Reader::new().header(false).label("0"), text);
        (table.classes.join(" "), table.y.to_vec::<i64>())
    };
    assert_eq!(classes("10\n9\n-1\n9\n"), ("-1 9 10".to_owned(), vec![2, 1, 0, 1]));
    assert_eq!(classes("b\na\n10\n9\n"), ("10 9 a b".to_owned(), vec![3, 2, 0, 1]));
    // Two names of one number stay two classes.
    assert_eq!(classes("1\n01\n"), ("01 1".to_owned(), vec![1, 0]));
}

#[test]
fn classes_that_are_named_keep_their_numbers_in_every_file() {
    let reader = || Reader::new().header(false).label("0");
    let table = parsed(reader().classes(["b", "a", "c"]), "a\nb\na\n");
    assert_eq!((table.classes.join(" "), table.y.to_vec::<i64>()), ("b a c".to_owned(), vec![1, 0, 1]));
    // Labels that are numbers already, of which some do not occur, and a table without rows.
    assert_eq!(parsed(reader().classes(0..10), "7\n3\n").y.to_vec::<i64>(), [7, 3]);
    assert_eq!(parsed(Reader::new().label("y").classes(["a"]), "y\n").classes, ["a"]);
    assert_eq!(
        refusal(reader().classes(["b", "a"]), "a\nd\n"),
        "csv: line 2: the label of column \"0\" is \"d\", which is none of [\"b\", \"a\"]"
    );
    assert_eq!(
        refusal(Reader::new().classes(["a"]), "a\n1\n"),
        "csv: line 1: classes were named, and no column of labels; .label(..) names it"
    );
    let message = crate::panics::panic_message(|| reader().classes(["a", "b", "a"]).header);
    assert_eq!(message, "csv: each class is named once; got \"a\" twice");
}

#[test]
fn missing_numbers_are_refused_filled_or_skipped_with_their_row() {
    let text = "a,b,c\n1,2,x\n,3,y\n4,NA,x\n5,?,\n6,7,\n";
    let reader = || Reader::new().label("c");
    assert_eq!(
        refusal(reader(), text),
        "csv: line 3: the number of column \"a\" is missing; .missing(..) says what becomes of it"
    );
    let table = parsed(reader().missing(Missing::SkipRow), text);
    assert_eq!((table.x.to_vec::<f32>(), table.y.to_vec::<i64>()), (vec![1.0, 2.0], vec![0]));
    assert_eq!(
        refusal(reader().missing(Missing::Fill(0.0)), text),
        "csv: line 5: the label of column \"c\" is missing"
    );
    let table = parsed(Reader::new().columns(["a", "b"]).missing(Missing::Fill(-1.0)), text);
    assert_eq!(table.x.to_vec::<f32>(), [1.0, 2.0, -1.0, 3.0, 4.0, -1.0, 5.0, -1.0, 6.0, 7.0]);
}

#[test]
fn what_is_no_number_is_missing_however_it_is_written() {
    // As C's printf writes 0.0 / 0.0, among others.
    for field in ["-nan", "+nan", "-NaN", "NAN", "n/a", "Null", "?", ""] {
        let text = format!("a,b\n1,2\n{field},3\n");
        let wanted = "csv: line 3: the number of column \"a\" is missing; .missing(..) says what becomes of it";
        assert_eq!(refusal(Reader::new(), &text), wanted, "{field}");
        let filled = parsed(Reader::new().missing(Missing::Fill(0.5)), &text);
        assert_eq!(filled.x.to_vec::<f32>(), [1.0, 2.0, 0.5, 3.0], "{field}");
        assert_eq!(parsed(Reader::new().missing(Missing::SkipRow), &text).x.to_vec::<f32>(), [1.0, 2.0], "{field}");
    }
    let infinite = parsed(Reader::new(), "a,b\n-inf,Infinity\n");
    assert_eq!(infinite.x.to_vec::<f32>(), [f32::NEG_INFINITY, f32::INFINITY]);
}

#[test]
fn what_is_no_table_is_refused_with_its_line() {
    assert_eq!(refusal(Reader::new(), ""), "csv: line 1: there are no rows");
    assert_eq!(refusal(Reader::new(), "a,b\n1,2\n3\n"), "csv: line 3: the row has 1 fields, and the first has 2");
    assert_eq!(
        refusal(Reader::new(), "a,b\n\"1\",\"x\ny\"\n"),
        "csv: line 2: the field of column \"b\" is \"x\\ny\", which is not a number; .categories(..) reads columns of words, \
         .columns(..) names those of numbers"
    );
    assert_eq!(
        refusal(Reader::new().label("y"), "a,b\n"),
        "csv: line 1: there is no column \"y\" among [\"a\", \"b\"]"
    );
    assert_eq!(refusal(Reader::new().label("a"), "a,a\n"), "csv: line 1: two columns are named \"a\"");
    let error = Reader::new().parse(b"a\n1\n\xff\n").unwrap_err();
    assert_eq!(
        (error.to_string(), error.place()),
        ("csv: line 3: the text is not UTF-8".to_owned(), Some(Place::Line(3)))
    );
    let empty = parsed(Reader::new(), "a,b\n");
    assert_eq!((empty.x.shape().to_vec(), empty.y.numel()), (vec![0, 2], 0));
}

#[test]
fn columns_of_words_are_numbered_each_by_itself() {
    let text = "size,city,2nd,kind\n1,Rome,10,a\n2,Bern,9,b\n?,Oslo,9,a\n3,,8,a\n4,Paris,9,\n5,Bern,10,b\n";
    let reader = || Reader::new().label("kind").categories(["2nd", "city"]);
    let skipped = parsed(reader().missing(Missing::SkipRow), text);
    assert_eq!((skipped.x.to_vec::<f32>(), skipped.columns), (vec![1.0, 2.0, 5.0], vec!["size".to_owned()]));
    // Whole numbers are in their own order; what only a row that is left out has is no category.
    assert_eq!(skipped.categories.to_vec::<i64>(), [1, 1, 0, 0, 1, 0]);
    assert_eq!(skipped.category_names, [["9", "10"], ["Bern", "Rome"]]);
    assert_eq!((skipped.y.to_vec::<i64>(), skipped.classes.join(" ")), (vec![0, 1, 1], "a b".to_owned()));
    let filled = reader().missing(Missing::Fill(0.0));
    assert_eq!(refusal(filled.clone(), text), "csv: line 5: the category of column \"city\" is missing");
    // A column may be both numbers and categories, if it is named.
    let both = parsed(Reader::new().columns(["2nd"]).categories(["2nd"]), text);
    assert_eq!(
        (both.x.to_vec::<f32>()[..2].to_vec(), both.categories.to_vec::<i64>()[..2].to_vec()),
        (vec![10.0, 9.0], vec![2, 1])
    );

    let names = [vec!["10".to_owned(), "9".to_owned()], vec!["Rome".to_owned()]];
    assert_eq!(
        refusal(reader().category_names(&names), text),
        "csv: line 3: the category of column \"city\" is \"Bern\", which is none of [\"Rome\"]"
    );
    let named = parsed(reader().category_names(&names), "size,city,2nd,kind\n1,Rome,9,a\n");
    assert_eq!((named.categories.to_vec::<i64>(), &named.category_names[..]), (vec![1, 0], &names[..]));
    assert_eq!(
        refusal(reader().category_names(&names[..1]), text),
        "csv: line 1: categories were named for 1 columns, of 2"
    );
    let none = parsed(Reader::new(), "a\n1\n2\n");
    assert_eq!((none.categories.shape().to_vec(), none.category_names.len()), (vec![2, 0], 0));
}
