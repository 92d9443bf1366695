use cotangent_derive::Module;

#[derive(Module)]
union Bits {
    float: f32,
    bits: u32,
}

fn main() {}
