//! Characters that a name should not have.

use crate::fault::Fault;

/// Returns what staff should look at in a name: control characters and marks of direction, which nobody sees, and 外字 (private use),
/// which other systems show as something else or nothing.
///
/// ```
/// use kenpo_formats::text::odd_characters;
///
/// assert!(odd_characters(2, "氏名", "テスト\u{e000}郎").is_some());
/// assert!(odd_characters(2, "氏名", "髙﨑 𠮷").is_none());
/// ```
pub fn odd_characters(line: u64, column: &str, name: &str) -> Option<Fault> {
    let private = |c: char| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' | '\u{fffd}');
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
    };
    let reason = if name.contains(private) {
        "外字があります。画面や帳票では正しく表示できず、確定申告用のXMLでは〓になります。"
    } else if name.contains(hidden) {
        "目に見えない制御文字があります。確定申告用のXMLでは除かれます。"
    } else {
        return None;
    };
    Some(Fault::new(line, column, reason))
}
