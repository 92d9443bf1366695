use cotangent_derive::Module;

#[derive(Module)]
#[module(skip)]
struct SkippedType {
    weight: f64,
}

#[derive(Module)]
struct Fields {
    #[module(ignore)]
    unknown: f64,
    #[module(skip = true)]
    value: f64,
    #[module(rename = gamma)]
    renamed: f64,
    #[module(skip, buffer)]
    contradicts: f64,
}

#[derive(Module)]
struct Names {
    #[module(rename = "weight")]
    scale: f64,
    weight: f64,
    #[module(rename = "a..b")]
    dots: f64,
}

fn main() {}
