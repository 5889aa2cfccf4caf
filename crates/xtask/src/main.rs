//! The one door to building, testing and trying Yui.

fn main() {}
