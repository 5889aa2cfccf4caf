//! SQL texts, declared once and known by name.

/// A named SQL text that runs unchanged on both engines. Made by [`crate::statements!`] only.
#[derive(Debug)]
pub struct Statement {
    /// The module and the constant, as in `yui::features::expenses::queries::LINES`.
    pub name: &'static str,
    /// The text, with `$1`, `$2` … for its parameters.
    pub sql: &'static str,
}

inventory::collect!(&'static Statement);

/// Returns every statement of the program, for the test that prepares them all on both engines.
pub fn statements_declared() -> impl Iterator<Item = &'static Statement> {
    inventory::iter::<&'static Statement>.into_iter().copied()
}

/// Declares statements as constants and makes them known to [`statements_declared`].
#[macro_export]
macro_rules! statements {
    ($($(#[$meta:meta])* $visibility:vis $name:ident = $sql:expr;)+) => {$(
        $(#[$meta])*
        $visibility static $name: $crate::Statement =
            $crate::Statement { name: concat!(module_path!(), "::", stringify!($name)), sql: $sql };
        $crate::inventory::submit! { &$name }
    )+};
}
