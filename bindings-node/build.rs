//! Tells the linker that Node itself brings what is missing.

fn main() {
    napi_build::setup();
}
