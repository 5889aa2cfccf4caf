//! The member portal of a Japanese health insurance society.

fn main() {}
