//! When a mail is tried again, whether one that was given up is worth another try, and how it is told to people.

use jiff::SignedDuration;

/// How long a mail waits after its first, second … failure: two days in all.
const WAITS: [SignedDuration; 7] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(6),
    SignedDuration::from_hours(12),
    SignedDuration::from_hours(27),
];

/// Returns how long to wait after this many tries; none where it is time to give up.
pub(super) fn wait_after(tries: i32) -> Option<SignedDuration> {
    WAITS.get(usize::try_from(tries).ok()?.checked_sub(1)?).copied()
}

/// Why a mail that was given up is not worth another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Useless {
    /// The link or code in it is dead, and its reader can ask for another.
    Over,
    /// The invitation in it is.
    InvitationOver,
    /// The account has no use for the way in that it tells of: it is over, or another has taken its place.
    NoWayIn,
    /// Nothing of it is left to be sent.
    Empty,
}

impl Useless {
    /// Returns what the word in the database means for a mail of this kind.
    pub(crate) fn parse(word: &str, kind: &str) -> Self {
        match (word, kind) {
            ("over", "staff_invitation") => Self::InvitationOver,
            ("over", _) => Self::Over,
            ("no_way_in", _) => Self::NoWayIn,
            _ => Self::Empty,
        }
    }

    /// Returns the words for staff, with what to do instead.
    pub fn words(self) -> &'static str {
        match self {
            Self::Over => "有効時間が過ぎています。ご本人に、画面からもう一度操作してもらってください。",
            Self::InvitationOver => "招待の期限が過ぎています。「職員」の画面から、もう一度招待してください。",
            Self::NoWayIn => {
                "登録を終えたか、案内したリンクやパスワードが使えなくなっています。登録がまだの人には、仮IDを発行してください。"
            }
            Self::Empty => "本文が残っていないため、送れません。",
        }
    }
}

/// How the reason begins where the mail server answered with a code.
pub(super) const ANSWERED: &str = "the mail server answered ";

/// Returns why a mail was given up, in words for staff, by the reason that was kept.
pub(super) fn reason(kept: &str) -> &'static str {
    let Some(code) = kept.strip_prefix(ANSWERED) else {
        return match kept {
            "its address is none" => "メールアドレスの形が正しくありません。",
            "it has no content" => "本文が残っていませんでした。",
            _ => "メールサーバーとやり取りできませんでした。運営者にお知らせください。",
        };
    };
    match code {
        "550" | "551" | "553" | "556" => "宛先のメールアドレスがないか、受け取ってもらえませんでした。",
        "422" | "452" | "552" => "宛先のメールボックスがいっぱいでした。",
        "554" => "宛先の側で、受け取りを断られました。迷惑メールの設定などが考えられます。",
        "530" | "534" | "535" | "538" => "送信に使うメールサーバーに入れませんでした。運営者にお知らせください。",
        _ if code.starts_with('4') => "2日間くり返しましたが、受け取ってもらえませんでした。",
        _ => "メールサーバーが受け付けませんでした。",
    }
}

/// Returns the address as logs and lists show it: `t***@example.jp`.
pub(super) fn masked(address: &str) -> String {
    let (user, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first = user.chars().next().map(String::from).unwrap_or_default();
    format!("{first}***@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end_after_two_days() {
        let waits: Vec<_> = (1..).map_while(wait_after).collect();
        assert_eq!(waits.len(), 7);
        assert!(waits.is_sorted());
        assert_eq!(waits[0], SignedDuration::from_mins(1));
        let all = waits.iter().fold(SignedDuration::ZERO, |all, wait| all + *wait);
        assert!(all >= SignedDuration::from_hours(47) && all <= SignedDuration::from_hours(48), "{all}");
        assert_eq!((wait_after(0), wait_after(8), wait_after(-1)), (None, None, None));
    }

    #[test]
    fn reasons_are_words() {
        assert!(reason("the mail server answered 550").contains("メールアドレスがない"));
        assert!(reason("the mail server answered 421").contains("2日間"));
        assert!(reason("the mail server answered 599").contains("受け付けませんでした"));
        assert!(reason("its address is none").contains("形が正しくありません"));
        assert!(reason("Connection refused").contains("運営者"));
    }

    #[test]
    fn an_address_shows_its_first_letter_and_its_domain() {
        assert_eq!(masked("taro@example.jp"), "t***@example.jp");
        assert_eq!(masked("太郎@example.jp"), "太***@example.jp");
        assert_eq!(masked("nonsense"), "n***@");
        assert_eq!(masked(""), "***@");
    }
}
