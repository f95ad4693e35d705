//! Writes `conformance/vectors/signatures` anew: `cargo run -p tongqiao-protocol --example signature_vectors`.
//!
//! Keys and random bytes are fixed, so the same bytes come out every time; a test compares them.
#![allow(clippy::unwrap_used, reason = "a program for maintainers may stop at the first surprise")]

#[path = "../tests/signatures/keys.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod keys;
#[path = "../tests/signatures/mistakes.rs"]
mod mistakes;
#[path = "../tests/signatures/vectors.rs"]
mod vectors;

fn main() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/vectors/signatures");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in vectors::files() {
        std::fs::write(folder.join(&name), text).unwrap();
        println!("wrote {name}");
    }
}
