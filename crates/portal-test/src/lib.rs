//! `#[portal_test]`: one test for each database engine, so that a failure on one hides nothing of the other.

use proc_macro::{TokenStream, TokenTree};

/// Makes the tests `name::sqlite` and `name::postgres` of `async fn name(engine: Engine)`.
///
/// `#[portal_test(postgres)]` makes `name::postgres` alone, of `async fn name()`: so it is left out where there is no
/// PostgreSQL. Anything else goes to `#[tokio::test]`, as in `#[portal_test(flavor = "multi_thread")]`.
#[proc_macro_attribute]
pub fn portal_test(how: TokenStream, test: TokenStream) -> TokenStream {
    let mut tokens = test.clone().into_iter();
    let is_fn = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word.to_string() == "fn");
    let Some(TokenTree::Ident(name)) = tokens.find(is_fn).and_then(|_| tokens.next()) else {
        let error = r#"compile_error!("portal_test stands before `async fn name(engine: Engine)`");"#;
        return error.parse().unwrap_or_default();
    };
    let how = how.to_string();
    let one = |called: &str, how: &str, engine: &str| {
        format!("#[::tokio::test({how})] async fn {called}() {{ super::{name}({engine}).await; }}")
    };
    let tests = if how == "postgres" {
        one("postgres", "", "")
    } else {
        one("sqlite", &how, "::yui_db::Engine::Sqlite") + &one("postgres", &how, "::yui_db::Engine::Postgres")
    };
    let mut all: TokenStream = format!("mod {name} {{ {tests} }} #[cfg(test)]").parse().unwrap_or_default();
    all.extend(test);
    all
}
