//! Filling a form in on a page.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
};

use anyhow::Context;
use lol_html::{
    RewriteStrSettings, element,
    html_content::{ContentType, Element},
    rewrite_str,
};

/// The values of a form that are still to be put into fields, by name, in the order in which they were sent.
type Left = HashMap<String, VecDeque<String>>;

/// Returns the page with these values in the form that is sent to this path, and the words above them; a page without that form as it
/// is. Hidden fields stay as the page has them: they say what the page knows now. A box is ticked, and an option chosen, where it was.
pub(super) fn filled(html: &str, path: &str, fields: Vec<(String, String)>, words: &str) -> anyhow::Result<String> {
    // The path of a form is one of our own; anything else is not looked for.
    if !path.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.".contains(c)) {
        return Ok(html.to_owned());
    }
    let mut by_name = Left::new();
    for (name, value) in fields {
        by_name.entry(name).or_default().push_back(value);
    }
    let (left, select) = (RefCell::new(by_name), RefCell::new(String::new()));
    let form = format!("form[method=post][action=\"{path}\"]");
    let within = |what: &str| format!("{form} {what}");
    let handlers = vec![
        element!(form, |form| {
            form.prepend("<p class=\"notice\" role=\"status\"></p>", ContentType::Html);
            Ok(())
        }),
        element!(within("input"), |input| {
            fill_input(input, &mut left.borrow_mut())?;
            Ok(())
        }),
        element!(within("textarea"), |area| {
            if let Some(value) = area.get_attribute("name").and_then(|name| next(&mut left.borrow_mut(), &name)) {
                // A first line break right after the tag is none of the text (HTML 13.1.2.5).
                area.set_inner_content(&format!("\n{value}"), ContentType::Text);
            }
            Ok(())
        }),
        element!(within("select"), |chosen| {
            *select.borrow_mut() = chosen.get_attribute("name").unwrap_or_default();
            Ok(())
        }),
        element!(within("option"), |option| {
            let left = left.borrow();
            if let (Some(sent), Some(value)) = (left.get(&*select.borrow()), option.get_attribute("value")) {
                mark(option, "selected", sent.contains(&value))?;
            }
            Ok(())
        }),
    ];
    let settings = handlers
        .into_iter()
        .fold(RewriteStrSettings::new(), |settings, handler| settings.append_element_content_handler(handler));
    let page = rewrite_str(html, settings).context("a form could not be filled in")?;
    let words = askama::filters::escape(words, askama::filters::Html).map(|words| words.to_string())?;
    Ok(page.replace(
        "<p class=\"notice\" role=\"status\"></p>",
        &format!("<p class=\"notice\" role=\"status\">{words}</p>"),
    ))
}

/// Takes the next value that was sent under this name.
fn next(left: &mut Left, name: &str) -> Option<String> {
    left.get_mut(name)?.pop_front()
}

fn fill_input(input: &mut Element<'_, '_>, left: &mut Left) -> anyhow::Result<()> {
    let Some(name) = input.get_attribute("name") else { return Ok(()) };
    match input.get_attribute("type").unwrap_or_default().as_str() {
        "hidden" | "password" | "file" | "submit" | "button" => {}
        "checkbox" | "radio" => {
            let value = input.get_attribute("value").unwrap_or_else(|| "on".into());
            let sent = left.get(&name).is_some_and(|sent| sent.contains(&value));
            mark(input, "checked", sent)?;
        }
        _ => {
            if let Some(value) = next(left, &name) {
                input.set_attribute("value", &value)?;
            }
        }
    }
    Ok(())
}

fn mark(element: &mut Element<'_, '_>, attribute: &str, is_so: bool) -> anyhow::Result<()> {
    if is_so {
        element.set_attribute(attribute, "")?;
    } else {
        element.remove_attribute(attribute);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use scraper::{Html, Selector};

    use super::*;

    const PAGE: &str = r#"<h1>見出し</h1><form method="get" action="/x"><input name="a" value="other"></form>
        <form class="form" method="post" action="/x"><input type="hidden" name="version" value="7"><input name="a" value="old">
        <input name="a" value="second"><input type="password" name="pin"><textarea name="t">old</textarea>
        <input type="checkbox" name="c" value="1" checked><input type="checkbox" name="c" value="2">
        <input type="radio" name="r" value="x" checked><input type="radio" name="r" value="y">
        <select name="s"><option value="1" selected>一</option><option value="2">二</option></select></form>
        <form method="post" action="/y"><input name="a" value="elsewhere"></form>"#;

    fn values(html: &str, selector: &str, attribute: &str) -> Vec<String> {
        let page = Html::parse_document(html);
        let selector = Selector::parse(selector).unwrap();
        page.select(&selector)
            .map(|element| element.value().attr(attribute).unwrap_or("-").to_owned())
            .collect::<Vec<_>>()
    }

    fn sent(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_field_has_again_what_was_sent() {
        let fields =
            [("version", "6"), ("a", "<b>\"&'"), ("a", "2"), ("pin", "1234"), ("t", "\n一行\r\n</textarea>二行")];
        let more = [("c", "2"), ("r", "y"), ("s", "2")];
        let html = filled(PAGE, "/x", sent(&[&fields[..], &more[..]].concat()), "戻しました <b>").unwrap();
        let of = |selector: &str, attribute: &str| values(&html, &format!("form.form {selector}"), attribute);
        assert_eq!(of("[name=version]", "value"), ["7"], "what the page knows now");
        assert_eq!(of("[name=a]", "value"), ["<b>\"&'", "2"]);
        assert_eq!(of("[name=pin]", "value"), ["-"]);
        assert_eq!(of("[name=c]", "checked"), ["-", ""]);
        assert_eq!(of("[name=r]", "checked"), ["-", ""]);
        assert_eq!(of("option", "selected"), ["-", ""]);
        let page = Html::parse_document(&html);
        let text = |selector: &str| {
            page.select(&Selector::parse(selector).unwrap()).next().unwrap().text().collect::<String>()
        };
        assert_eq!(text("textarea").replace('\r', ""), "\n一行\n</textarea>二行");
        assert_eq!(text("form.form .notice"), "戻しました <b>");
        assert_eq!(values(&html, "form:not(.form) [name=a]", "value"), ["other", "elsewhere"]);
        assert_eq!(html.matches("notice").count(), 1);
    }

    #[test]
    fn a_page_without_the_form_stays_as_it_is() {
        assert_eq!(filled(PAGE, "/z", sent(&[("a", "1")]), "w").unwrap(), PAGE);
        assert_eq!(filled(PAGE, "/x\"],form[a=\"", sent(&[("a", "1")]), "w").unwrap(), PAGE);
    }
}
