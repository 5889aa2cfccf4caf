//! Why a batch cannot be published or withdrawn.

use kenpo_formats::TreatmentMonth;

/// Why not: in English for the command line, in Japanese for a page.
#[derive(Debug, thiserror::Error)]
pub enum ImportRefusal {
    /// There is none of this number.
    #[error("there is no batch {0}")]
    NoBatch(i64),
    /// It does not wait for publication.
    #[error("batch {0} ({1}) is not waiting for publication: {2}")]
    NotWaiting(i64, String, &'static str),
    /// Somebody else was faster.
    #[error("batch {0} was changed by somebody else just now")]
    ChangedMeanwhile(i64),
    /// A month that is not over cannot have arrived whole.
    #[error("{0} is not over: not everything of it can have arrived")]
    MonthNotOver(TreatmentMonth),
    /// It is withdrawn.
    #[error("batch {0} ({1}) was withdrawn before")]
    WithdrawnBefore(i64, String),
    /// Later imports changed the same persons.
    #[error("{0} of these persons were changed by a later import: withdraw that one first")]
    ChangedLater(i64),
    /// Expenses or accounts stand on the persons it brought.
    #[error("{0} of the persons it brought have expenses or an account by now: withdraw those imports first")]
    Used(i64),
    /// Persons it brought have an objection or non-disclosure, which would go with them.
    #[error("{0} of the persons it brought have an objection or non-disclosure, which would be lost with them")]
    Flagged(i64),
    /// Expenses or an account are of a household that it brought for somebody who was there before.
    #[error("a household that it brought has expenses or an account by now: withdraw those imports first")]
    HouseholdUsed,
}

impl ImportRefusal {
    /// Returns the words for staff.
    pub fn words(&self) -> String {
        match self {
            Self::NoBatch(id) => format!("取込番号{id}はありません。"),
            Self::NotWaiting(_, _, state) => format!("この取込は公開を待っていません（状態: {state}）。"),
            Self::ChangedMeanwhile(_) => "ほかの職員がこの取込を変更しました。今の状態を確かめてください。".to_owned(),
            Self::MonthNotOver(month) => format!("{month}はまだ終わっていないため、そろった月にできません。"),
            Self::WithdrawnBefore(..) => "この取込は、すでに取り下げられています。".to_owned(),
            Self::ChangedLater(count) => {
                format!("{count}人の加入者が、あとの台帳の取込で変更されています。先にあとの取込を取り下げてください。")
            }
            Self::Used(count) => format!(
                "この取込で加わった{count}人に、医療費またはアカウントがあります。先に医療費の取込を取り下げてください。アカウントがある場合は取り下げられません。"
            ),
            Self::Flagged(count) => format!(
                "この取込で加わった{count}人に、異議申出または情報非開示の設定があります。取り下げると設定も失われるため、取り下げられません。"
            ),
            Self::HouseholdUsed => "この取込で新しくできた世帯に、医療費またはアカウントがあります。先に医療費の取込を取り下げてください。アカウントがある場合は取り下げられません。".to_owned(),
        }
    }
}
