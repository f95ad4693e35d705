//! Model checking of the engine.

fn main() {}
