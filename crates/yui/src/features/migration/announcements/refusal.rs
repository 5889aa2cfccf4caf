//! Why announcements cannot be sent as they are wanted.

use jiff::civil::Date;

use crate::ui::{Lang, format};

/// Why not: in English for the command line, in Japanese for a page.
#[derive(Debug, thiserror::Error)]
pub enum AnnouncementRefusal {
    /// The day of sending is over.
    #[error("{0} is past")]
    DayPast(Date),
    /// The day of sending is so far ahead that it must be a slip of the pen.
    #[error("{0} is more than two years ahead")]
    DayTooFar(Date),
    /// So is the last day of the way in.
    #[error("the last day {0} is more than two years ahead")]
    UntilTooFar(Date),
    /// The last day of the way in is over before the mail arrives.
    #[error("the last day {until} is before {on}")]
    UntilBefore {
        /// The day of sending.
        on: Date,
        /// The last day.
        until: Date,
    },
    /// Without another last day, some could not use what they are mailed.
    #[error("{people} ways in end before {on}: say with --until how long they are to last")]
    EndsBefore {
        /// The day of sending.
        on: Date,
        /// How many have such a way in.
        people: i64,
    },
    /// Not everybody who is to be written to has a way in yet.
    #[error("the import of older users is not done: run it again first")]
    ImportNotDone,
}

impl AnnouncementRefusal {
    /// Returns the field of the page that it is about.
    pub(crate) fn field(&self) -> &'static str {
        match self {
            Self::DayPast(_) | Self::DayTooFar(_) | Self::ImportNotDone => "on",
            Self::UntilTooFar(_) | Self::UntilBefore { .. } | Self::EndsBefore { .. } => "until",
        }
    }

    /// Returns the words for staff.
    pub fn words(&self) -> String {
        let day = |day: &Date| format::date(Lang::Ja, *day);
        match self {
            Self::DayPast(on) => format!("{}は過ぎています。今日以降の日付を入力してください。", day(on)),
            Self::DayTooFar(on) => format!("{}は2年より先です。送る日を確かめてください。", day(on)),
            Self::UntilTooFar(until) => format!("{}は2年より先です。登録できる最後の日を確かめてください。", day(until)),
            Self::UntilBefore { on, until } => {
                format!("登録できる最後の日（{}）が、送る日（{}）より前です。", day(until), day(on))
            }
            Self::EndsBefore { on, people } => format!(
                "{}人は、送る日（{}）より前に登録できなくなります。登録できる最後の日を入力してください。",
                format::yen(*people),
                day(on)
            ),
            Self::ImportNotDone => {
                "以前のシステムの利用者の取込が終わっていません。「データ取込」で同じファイルを取り込み直してから送ってください。".to_owned()
            }
        }
    }
}
