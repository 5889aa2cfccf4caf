//! Writing the notice.

use super::profile::Profile;
use crate::fault::quote;
use crate::month::TreatmentMonth;
use jiff::civil::Date;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesPI, BytesStart, BytesText, Event};
use std::io;
use thiserror::Error;

/// A medical expense notice of one insured person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// 保険者等の名称
    pub insurer_name: String,
    /// 被保険者の氏名
    pub insured_name: String,
    /// The day on which it is made.
    pub created: Date,
    /// Name of the software that makes it.
    pub software: String,
    /// Its lines.
    pub lines: Vec<NoticeLine>,
}

/// One line of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeLine {
    /// 療養を受けた年月
    pub treatment_month: TreatmentMonth,
    /// 療養を受けた者の氏名
    pub patient_name: String,
    /// 療養を受けた病院・診療所・薬局その他の者の名称; a line without it cannot be used for the deduction, so it is refused.
    pub provider_name: String,
    /// 支払った医療費の額, yen.
    pub paid: i64,
}

/// The reason why a notice cannot be written. `line` counts the notice's lines from 1; 0 is its head.
#[derive(Debug, Error)]
pub enum NoticeError {
    /// More characters than the profile allows; nothing is cut off.
    #[error("{}{field}が長すぎます。{limit}文字までですが、{length}文字です: {}", place(*.line), quote(.value))]
    TooLong {
        /// Line of the notice.
        line: usize,
        /// The item.
        field: &'static str,
        /// Characters allowed.
        limit: usize,
        /// Characters found.
        length: usize,
        /// The value.
        value: String,
    },
    /// An item is empty.
    #[error("{}{field}が空です。", place(*.line))]
    Empty {
        /// Line of the notice.
        line: usize,
        /// The item.
        field: &'static str,
    },
    /// A control character or 外字 (private use), which the file cannot hold.
    #[error("{}{field}に使えない文字(外字など)があります: {}", place(*.line), quote(.value))]
    Character {
        /// Line of the notice.
        line: usize,
        /// The item.
        field: &'static str,
        /// The value.
        value: String,
    },
    /// A negative amount, or one with more digits than the profile allows.
    #[error("{}支払った医療費の額{paid}円を書けません。0以上、{digits}桁までです。", place(*.line))]
    Paid {
        /// Line of the notice.
        line: usize,
        /// The amount, yen.
        paid: i64,
        /// Digits allowed.
        digits: usize,
    },
    /// More lines than the profile allows in a file.
    #[error("医療費通知の明細が多すぎます。1ファイル{limit}件までですが、{count}件です。")]
    TooManyLines {
        /// Lines allowed.
        limit: usize,
        /// Lines found.
        count: usize,
    },
    /// The writer failed.
    #[error("医療費通知のXMLを書けません: {0}")]
    Write(#[from] io::Error),
}

fn place(line: usize) -> String {
    if line == 0 { String::new() } else { format!("明細{line}件目の") }
}

/// An item that a file can only hold in another form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// Line of the notice, from 1; 0 is its head.
    pub line: usize,
    /// The item.
    pub field: &'static str,
    /// As it was.
    pub from: String,
    /// As it is now; empty where the line is left out.
    pub to: String,
}

/// The substitute for a character that no file can hold.
const GETA: char = '〓';

impl Notice {
    /// Makes the notice one that can be written, and returns what was changed for that: control characters are left out, 外字
    /// (private use) become 〓, what is too long is cut off, and lines that have no name of a provider or an amount that cannot be
    /// written are left out. The caller must tell the person who gets the file.
    pub fn fit(&mut self, profile: &Profile) -> Vec<Fitted> {
        let limits = &profile.limits;
        let mut fitted = Vec::new();
        let mut fit = |line, field, value: &mut String, limit| {
            let to = fit_text(value, limit);
            if to != *value {
                let from = std::mem::replace(value, to.clone());
                fitted.push(Fitted { line, field, from, to });
            }
        };
        fit(0, "保険者等の名称", &mut self.insurer_name, limits.insurer_name);
        fit(0, "被保険者の氏名", &mut self.insured_name, limits.insured_name);
        for (line, item) in self.lines.iter_mut().enumerate().map(|(index, item)| (index + 1, item)) {
            fit(line, "療養を受けた者の氏名", &mut item.patient_name, limits.patient_name);
            fit(line, "療養を受けた病院等の名称", &mut item.provider_name, limits.provider_name);
        }
        let mut line = 0;
        self.lines.retain(|item| {
            line += 1;
            let paid = item.paid >= 0 && item.paid.to_string().len() <= limits.paid_digits;
            if !paid {
                let from = item.paid.to_string();
                fitted.push(Fitted { line, field: "支払った医療費の額", from, to: String::new() });
            }
            paid && !item.patient_name.trim().is_empty() && !item.provider_name.trim().is_empty()
        });
        fitted
    }
}

fn fit_text(value: &str, limit: usize) -> String {
    let kept = value.chars().filter(|character| !character.is_control());
    kept.map(|character| if is_unwritable(character) { GETA } else { character }).take(limit).collect()
}

/// Returns whether the character is 外字 (private use) or none at all.
fn is_unwritable(character: char) -> bool {
    matches!(character, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' | '\u{fffd}'..='\u{ffff}')
}

/// Returns the notice as XML in the shape of the profile, unsigned.
///
/// Months are not padded with zeros (`gen:mm` = `2`), as the agency's own certificates do; the day of creation in the root
/// attribute is `YYYY-MM-DD`. There is no white space between elements.
///
/// # Errors
///
/// Values that are empty, too long or hold characters that XML cannot; too many lines. Nothing is cut off in silence.
pub fn write(profile: &Profile, notice: &Notice) -> Result<String, NoticeError> {
    check(profile, notice)?;
    let mut xml = Writer::new(Vec::new());
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.write_event(Event::Text(BytesText::from_escaped("\n")))?;
    if let Some(href) = &profile.stylesheet {
        let content = format!("xml-stylesheet type=\"text/xsl\" href=\"{}\"", href.replace('&', "&amp;"));
        xml.write_event(Event::PI(BytesPI::new(content)))?;
        xml.write_event(Event::Text(BytesText::from_escaped("\n")))?;
    }
    let (form, id, created) = (profile.form_id.as_str(), root_id(profile), notice.created.to_string());
    let root = BytesStart::new(form).with_attributes([
        ("xmlns", profile.default_namespace.as_str()),
        ("xmlns:gen", profile.general_namespace.as_str()),
        ("VR", profile.version.as_str()),
        ("id", id.as_str()),
        ("page", "1"),
        ("sakuseiDay", created.as_str()),
        ("sakuseiNM", notice.insurer_name.as_str()),
        ("softNM", notice.software.as_str()),
    ]);
    xml.write_event(Event::Start(root))?;
    let elements = &profile.elements;
    text(&mut xml, &elements.insurer_name, &notice.insurer_name)?;
    text(&mut xml, &elements.insured_name, &notice.insured_name)?;
    for line in &notice.lines {
        xml.write_event(Event::Start(BytesStart::new(elements.line.as_str())))?;
        xml.write_event(Event::Start(BytesStart::new(elements.treatment_month.as_str())))?;
        text(&mut xml, "gen:yyyy", &line.treatment_month.year().to_string())?;
        text(&mut xml, "gen:mm", &line.treatment_month.month().to_string())?;
        xml.write_event(Event::End(BytesEnd::new(elements.treatment_month.as_str())))?;
        text(&mut xml, &elements.patient_name, &line.patient_name)?;
        text(&mut xml, &elements.provider_name, &line.provider_name)?;
        text(&mut xml, &elements.paid, &line.paid.to_string())?;
        xml.write_event(Event::End(BytesEnd::new(elements.line.as_str())))?;
    }
    xml.write_event(Event::End(BytesEnd::new(form)))?;
    String::from_utf8(xml.into_inner()).map_err(|error| NoticeError::Write(io::Error::other(error)))
}

fn root_id(profile: &Profile) -> String {
    format!("{}-1", profile.form_id)
}

fn text(xml: &mut Writer<Vec<u8>>, element: &str, value: &str) -> io::Result<()> {
    xml.create_element(element).write_text_content(BytesText::new(value))?;
    Ok(())
}

fn check(profile: &Profile, notice: &Notice) -> Result<(), NoticeError> {
    let limits = &profile.limits;
    if notice.lines.len() > limits.lines {
        return Err(NoticeError::TooManyLines { limit: limits.lines, count: notice.lines.len() });
    }
    check_text(0, "保険者等の名称", &notice.insurer_name, limits.insurer_name)?;
    check_text(0, "被保険者の氏名", &notice.insured_name, limits.insured_name)?;
    check_text(0, "ソフトウェア名", &notice.software, usize::MAX)?;
    for (line, item) in notice.lines.iter().enumerate().map(|(index, item)| (index + 1, item)) {
        check_text(line, "療養を受けた者の氏名", &item.patient_name, limits.patient_name)?;
        check_text(line, "療養を受けた病院等の名称", &item.provider_name, limits.provider_name)?;
        if item.paid < 0 || item.paid.to_string().len() > limits.paid_digits {
            return Err(NoticeError::Paid { line, paid: item.paid, digits: limits.paid_digits });
        }
    }
    Ok(())
}

fn check_text(line: usize, field: &'static str, value: &str, limit: usize) -> Result<(), NoticeError> {
    let length = value.chars().count();
    if value.trim().is_empty() {
        return Err(NoticeError::Empty { line, field });
    }
    if length > limit {
        return Err(NoticeError::TooLong { line, field, limit, length, value: value.to_owned() });
    }
    if value.contains(|character: char| character.is_control() || is_unwritable(character)) {
        return Err(NoticeError::Character { line, field, value: value.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn notice(lines: usize) -> Notice {
        let line = NoticeLine {
            treatment_month: TreatmentMonth::new(2025, 2).unwrap(),
            patient_name: "テスト 花子".into(),
            provider_name: "見本<&>\"クリニック".into(),
            paid: 3_702,
        };
        Notice {
            insurer_name: "見本健康保険組合".into(),
            insured_name: "テスト 太郎".into(),
            created: date(2026, 2, 10),
            software: "Yui".into(),
            lines: vec![line; lines],
        }
    }

    #[test]
    fn the_shape_of_the_provisional_profile() {
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<FORM_ID xmlns="http://xml.e-tax.nta.go.jp/XSD/kyotsu" xmlns:gen="http://xml.e-tax.nta.go.jp/XSD/general" VR="1.0" id="FORM_ID-1" page="1" sakuseiDay="2026-02-10" sakuseiNM="見本健康保険組合" softNM="Yui"><INSURER_NAME>見本健康保険組合</INSURER_NAME><INSURED_NAME>テスト 太郎</INSURED_NAME><LINE><TREATMENT_MONTH><gen:yyyy>2025</gen:yyyy><gen:mm>2</gen:mm></TREATMENT_MONTH><PATIENT_NAME>テスト 花子</PATIENT_NAME><PROVIDER_NAME>見本&lt;&amp;&gt;&quot;クリニック</PROVIDER_NAME><PAID>3702</PAID></LINE></FORM_ID>"#;
        assert_eq!(write(&Profile::provisional(), &notice(1)).unwrap(), expected);
        let mut profile = Profile::provisional();
        profile.stylesheet = Some("https://example.jp/a.xsl?b&c".into());
        let xml = write(&profile, &notice(0)).unwrap();
        assert!(
            xml.contains("\n<?xml-stylesheet type=\"text/xsl\" href=\"https://example.jp/a.xsl?b&amp;c\"?>\n<FORM_ID ")
        );
    }

    #[test]
    fn nothing_is_cut_off() {
        let profile = Profile::provisional();
        let error = |change: fn(&mut Notice)| {
            let mut notice = notice(2);
            change(&mut notice);
            write(&profile, &notice).unwrap_err().to_string()
        };
        assert!(
            error(|notice| notice.lines[1].provider_name = "あ".repeat(61))
                .starts_with("明細2件目の療養を受けた病院等の名称が長すぎます。60文字")
        );
        assert!(error(|notice| notice.lines[0].provider_name = " ".into()).contains("空です"));
        assert!(error(|notice| notice.lines[0].patient_name = "\u{e000}".into()).contains("外字"));
        assert!(error(|notice| notice.insured_name = "a\u{0}".into()).contains("使えない文字"));
        assert!(error(|notice| notice.lines[0].paid = -1).contains("-1円"));
        assert!(error(|notice| notice.lines[0].paid = i64::MAX).contains("11桁"));
        assert!(matches!(
            write(&profile, &notice(10_001)),
            Err(NoticeError::TooManyLines { limit: 10_000, count: 10_001 })
        ));
    }

    #[test]
    fn what_cannot_be_written_is_fitted_and_told() {
        let mut fitted = notice(3);
        fitted.lines[0].provider_name = "見本\u{e123}\u{7}医院".into();
        fitted.lines[1].patient_name = "あ".repeat(40);
        fitted.lines[2].paid = -5;
        let profile = Profile::provisional();
        let told = fitted.fit(&profile);
        assert_eq!((told[0].line, told[0].to.as_str()), (1, "見本〓医院"));
        assert_eq!((told[1].line, told[1].to.chars().count()), (2, profile.limits.patient_name));
        assert_eq!((told[2].line, told[2].from.as_str(), told[2].to.as_str()), (3, "-5", ""));
        assert_eq!(fitted.lines.len(), 2);
        assert!(write(&profile, &fitted).is_ok());
        assert_eq!(notice(2).fit(&profile), []);
    }

    proptest! {
        #[test]
        fn whatever_a_name_is_the_file_comes(name in ".{0,200}", provider in ".{0,200}", paid in proptest::num::i64::ANY) {
            let mut notice = notice(2);
            notice.lines[0] = NoticeLine { patient_name: name, provider_name: provider, paid, ..notice.lines[0].clone() };
            notice.fit(&Profile::provisional());
            prop_assert!(write(&Profile::provisional(), &notice).is_ok());
        }

        #[test]
        fn what_is_written_is_well_formed_and_reads_back(name in "\\PC{1,30}", paid in 0i64..99_999_999_999) {
            let mut notice = notice(1);
            notice.lines[0].patient_name.clone_from(&name);
            notice.lines[0].paid = paid;
            if let Ok(xml) = write(&Profile::provisional(), &notice) {
                let mut reader = quick_xml::Reader::from_str(&xml);
                let (mut inside, mut read) = (false, String::new());
                loop {
                    match reader.read_event().unwrap() {
                        Event::Eof => break,
                        Event::Start(start) => inside = start.name().as_ref() == "PATIENT_NAME",
                        Event::End(_) => inside = false,
                        Event::Text(text) if inside => read.push_str(&text.xml10_content()),
                        Event::GeneralRef(entity) if inside => {
                            read.push_str(quick_xml::escape::resolve_xml_entity(&entity).unwrap());
                        }
                        _ => {}
                    }
                }
                prop_assert_eq!(read, name);
            }
        }
    }
}
