//! Finding the fonts, and knowing what they lack.

use std::path::PathBuf;

use yui_print::{DEFAULT_FONT_DIRS, FontError, Fonts};

fn default_dirs() -> Vec<PathBuf> {
    DEFAULT_FONT_DIRS.iter().map(PathBuf::from).collect()
}

#[test]
fn a_missing_font_names_the_package_and_the_setting() {
    let empty = tempfile::tempdir().expect("a folder");
    let error = Fonts::find(&[empty.path().to_owned()]).expect_err("no fonts");
    assert!(matches!(error, FontError::Missing { .. }));
    let message = error.to_string();
    let folder = empty.path().display().to_string();
    for part in ["BIZ UDPGothic Regular", "fonts-morisawa-bizud-gothic", "YUI_FONTS", &folder] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
}

#[test]
fn a_file_of_the_right_name_that_is_no_font_does_not_count() {
    let dir = tempfile::tempdir().expect("a folder");
    for content in [&b""[..], b"ttcf\0\0\0\0\xff\xff\xff\xff", b"\0\x01\0\0\xff\xff", &[0x41; 4096]] {
        std::fs::write(dir.path().join("BIZUDPGothic-Regular.ttf"), content).expect("written");
        let error = Fonts::find(&[dir.path().to_owned()]).expect_err("no font");
        assert!(matches!(error, FontError::Missing { .. }), "{error}");
    }
}

#[test]
fn only_what_no_font_has_is_missing() {
    let fonts = Fonts::find(&default_dirs()).expect("fonts");
    assert_eq!(fonts.missing("テスト 太郎　𠮷田 髙志 山﨑 ①㈱ｱｲｳ ABC-123 ～〜−—…\n\t"), [] as [char; 0]);
    assert_eq!(fonts.missing("丈\u{e0101}"), ['\u{e0101}'], "only the fallback has this one, and it is not asked");
    assert_eq!(fonts.missing("あ\u{13000}い\u{13001}\u{13000}"), ['\u{13000}', '\u{13001}']);
}

#[test]
fn private_characters_mean_something_else_elsewhere() {
    let fonts = Fonts::find(&default_dirs()).expect("fonts");
    assert_eq!(fonts.missing("\u{e000}\u{f8ff}\u{f0000}"), ['\u{e000}', '\u{f8ff}', '\u{f0000}']);
}

#[test]
fn a_variant_form_that_is_not_drawn_is_missing() {
    let fonts = Fonts::find(&default_dirs()).expect("fonts");
    assert_eq!(fonts.missing("葛\u{e0100}城"), [] as [char; 0], "the first font has this one");
    assert_eq!(fonts.missing("丈\u{e0101}"), ['\u{e0101}'], "only the fallback has this one, and it is not asked");
    assert_eq!(fonts.missing("あ\u{e01ef}"), ['\u{e01ef}']);
    assert_eq!(fonts.missing("\u{e0100}"), ['\u{e0100}'], "nothing to vary");
}
