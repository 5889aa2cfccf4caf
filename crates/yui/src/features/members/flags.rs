//! 異議申出 and 情報非開示: the flags that hide a person's expenses from the household's account. They take effect and end at
//! once.

use std::marker::PhantomData;

use jiff::civil::Date;
use yui_db::Tx;

use super::{
    act::{ActionOutcome, ActionTarget, Asks, MemberAction, MemberActionForm, Words},
    acts::{MEMBER_FLAG_ENDED, MEMBER_FLAG_SET},
    queries::{self, FlagRow},
};
use crate::core::{
    app::App,
    audit::{self, Acting, AuditAction as LoggedAct, Subject},
    error::AppError,
    scope::{StaffScope, SystemScope},
};

/// A kind of flag.
pub(super) trait FlagKind: Send + Sync + 'static {
    /// The word in the database.
    const WORD: &'static str;
    const LABEL: &'static str;
    /// The words of setting and ending it.
    const SET: Words;
    const END: Words;
    /// The meaning, in a sentence.
    const MEANS: &'static str;
}

impl Objection {
    /// Returns the word in the database.
    pub(super) fn as_str() -> &'static str {
        Self::WORD
    }
}

impl NonDisclosure {
    /// Returns the word in the database.
    pub(super) fn as_str() -> &'static str {
        Self::WORD
    }
}

/// 異議申出: the person does not want the insured person to see their expenses.
pub(super) struct Objection;

impl FlagKind for Objection {
    const WORD: &'static str = "objection";
    const LABEL: &'static str = "異議申出";
    const SET: Words = Words {
        path: "objection",
        title: "異議申出の設定",
        button: "異議申出を設定する",
        danger: true,
        asks: Asks::Until,
    };
    const END: Words = Words {
        path: "objection-end",
        title: "異議申出の解除",
        button: "異議申出を解除する",
        danger: true,
        asks: Asks::Identity,
    };
    const MEANS: &'static str = "この人が、自分の医療費を世帯のアカウントで見られたくないと申し出たときに使います。";
}

/// 情報非開示: the household gets no data of the person, as to protect victims of violence.
pub(super) struct NonDisclosure;

impl FlagKind for NonDisclosure {
    const WORD: &'static str = "non_disclosure";
    const LABEL: &'static str = "情報非開示";
    const SET: Words = Words {
        path: "non-disclosure",
        title: "情報非開示の設定",
        button: "情報非開示を設定する",
        danger: true,
        asks: Asks::Until,
    };
    const END: Words = Words {
        path: "non-disclosure-end",
        title: "情報非開示の解除",
        button: "情報非開示を解除する",
        danger: true,
        asks: Asks::Identity,
    };
    const MEANS: &'static str = "配偶者からの暴力などで、この人のことを世帯に一切知らせてはならないときに使います。";
}

/// Returns the (Japanese) name of a kind.
pub(super) fn label(word: &str) -> &'static str {
    if word == Objection::WORD { Objection::LABEL } else { NonDisclosure::LABEL }
}

/// Returns whether a flag of this kind is in force.
pub(super) fn in_force(target: &ActionTarget, word: &str) -> bool {
    target.flags.iter().any(|flag| flag.kind == word && is_in_force(flag, target.today))
}

/// Returns whether any flag is in force.
pub(super) fn any_in_force(target: &ActionTarget) -> bool {
    target.flags.iter().any(|flag| is_in_force(flag, target.today))
}

fn is_in_force(flag: &FlagRow, today: Date) -> bool {
    flag.ended_at.is_none() && flag.until_date.is_none_or(|until| until >= today)
}

/// Ends the flags of all societies whose last day is over; returns how many. They hide nothing from that day on; this
/// records it in the history.
///
/// # Errors
/// Where the database does not answer.
pub async fn end_over(app: &App) -> anyhow::Result<usize> {
    let mut ended = 0;
    for scope in SystemScope::of_all(app, "housekeeping").await? {
        let mut tx = app.db.begin().await?;
        ended += end_over_in(app, &mut tx, &scope).await?;
        tx.commit().await?;
    }
    Ok(ended)
}

async fn end_over_in(app: &App, tx: &mut Tx, scope: &impl Acting) -> anyhow::Result<usize> {
    let over = queries::flags_over(tx, scope, app.clock.today(), app.clock.now()).await?;
    for row in &over {
        let name = queries::member(&app.db, scope, row.member_id).await?.map_or_else(String::new, |member| member.name);
        let subject = Subject::new("member", row.member_id, name);
        let detail = format!("{}: 決めた日が過ぎたため", label(&row.kind));
        audit::record(app, tx, scope, MEMBER_FLAG_ENDED, Some(&subject), &detail).await?;
    }
    Ok(over.len())
}

/// Setting a flag.
pub(super) struct Set<K>(PhantomData<K>);

impl<K: FlagKind> MemberAction for Set<K> {
    const WORDS: Words = K::SET;

    fn is_possible(target: &ActionTarget) -> bool {
        !in_force(target, K::WORD)
    }

    fn effects(_: &StaffScope, _: &ActionTarget) -> Vec<String> {
        let all = [
            K::MEANS,
            "この人の医療費と名前が、世帯のアカウントの画面、PDF、CSV、XML、表計算、グラフ、合計、受診者の選択肢から、過去の分も含めて、すぐに消えます。",
            "世帯には何も知らせません。この設定を示す文や印はどこにも出ず、受診の記録がない人と同じ表示になります。",
            "世帯がすでに見た画面や、受け取ったファイルは取り消せません。",
            "期限を決めた場合は、その日の終わりに解除され、過去の分も含めて世帯に見えるようになります。",
            "本人には、加入者の画面の「本人用の医療費明細」で、すべての明細をPDFで渡せます。",
        ];
        all.into_iter().map(str::to_owned).collect()
    }

    async fn run(
        app: &App,
        staff: &StaffScope,
        target: &ActionTarget,
        typed: &MemberActionForm,
    ) -> Result<ActionOutcome, AppError> {
        let until = match typed.until.trim() {
            "" => None,
            until => match until.parse::<Date>() {
                Ok(until) if until >= target.today => Some(until),
                Ok(_) => {
                    return Ok(ActionOutcome::Refused(
                        "until",
                        "期限が過ぎています。今日からあとの日を選んでください。".to_owned(),
                    ));
                }
                Err(_) => {
                    let words = "期限を、2027-03-31 のように入力してください。".to_owned();
                    return Ok(ActionOutcome::Refused("until", words));
                }
            },
        };
        let mut tx = app.db.begin().await?;
        end_over_in(app, &mut tx, staff).await?;
        let of = (target.member.member_id, K::WORD);
        if !queries::flag_set(&mut tx, staff, of, (&typed.told(), until), app.clock.now()).await? {
            return Ok(ActionOutcome::Done("changed"));
        }
        recorded::<K>(app, tx, staff, target, MEMBER_FLAG_SET, typed).await?;
        Ok(ActionOutcome::Done("flag-set"))
    }
}

/// Ending a flag.
pub(super) struct End<K>(PhantomData<K>);

impl<K: FlagKind> MemberAction for End<K> {
    const WORDS: Words = K::END;

    fn is_possible(target: &ActionTarget) -> bool {
        in_force(target, K::WORD)
    }

    fn effects(_: &StaffScope, _: &ActionTarget) -> Vec<String> {
        let all = [
            "この人の医療費が、過去の分も含めて、すぐに世帯のアカウントで見えるようになります。",
            "もう一方の設定（異議申出・情報非開示）が残っている間は、見えないままです。",
            "必ず、本人の意思であることを確かめてください。",
        ];
        all.into_iter().map(str::to_owned).collect()
    }

    async fn run(
        app: &App,
        staff: &StaffScope,
        target: &ActionTarget,
        typed: &MemberActionForm,
    ) -> Result<ActionOutcome, AppError> {
        let mut tx = app.db.begin().await?;
        let of = (target.member.member_id, K::WORD);
        if !queries::flag_end(&mut tx, staff, of, &typed.told(), app.clock.now()).await? {
            return Ok(ActionOutcome::Done("changed"));
        }
        recorded::<K>(app, tx, staff, target, MEMBER_FLAG_ENDED, typed).await?;
        Ok(ActionOutcome::Done("flag-ended"))
    }
}

async fn recorded<K: FlagKind>(
    app: &App,
    mut tx: Tx,
    staff: &StaffScope,
    target: &ActionTarget,
    act: LoggedAct,
    typed: &MemberActionForm,
) -> Result<(), AppError> {
    let until = typed.until.trim();
    let until = if until.is_empty() { String::new() } else { format!("（期限: {until}）") };
    let detail = format!("{}: {}{until}", K::LABEL, typed.told());
    audit::record(app, &mut tx, staff, act, Some(&target.subject()), &detail).await?;
    Ok(tx.commit().await?)
}
