//! The consequences of a changed policy, in sentences with numbers of people.

use jiff::SignedDuration;

use crate::{
    core::{
        app::App,
        error::AppError,
        scope::StaffScope,
        society::{EmailRule, Factor, Policy},
    },
    features::societies::queries,
    ui::format::yen,
};

/// 365 days and a quarter, in hours: how passwords age.
const YEAR: i64 = 8_766;

/// Returns the consequences of replacing the old policy by the new one.
pub(crate) async fn of(app: &App, staff: &StaffScope, old: &Policy, new: &Policy) -> Result<Vec<String>, AppError> {
    let mut all = Vec::new();
    let added_or_taken = old.factors != new.factors;
    if added_or_taken && !new.factors.is_empty() {
        let word = |at: usize| new.factors.get(at).map_or("", |factor| factor.as_str());
        let without = queries::enrolled_without(&app.db, staff, [word(0), word(1), word(2)]).await?;
        if without > 0 {
            all.push(format!("{}人に、次のログインで二要素認証の登録を求めます。", yen(without)));
        }
    }
    if new.factors.is_empty() && !old.factors.is_empty() {
        all.push(
            "これから登録する人は、パスワードだけでログインします。登録済みの認証方法は、これまでどおり求めます。"
                .to_owned(),
        );
    }
    for factor in old.factors.iter().filter(|factor| !new.factors.contains(factor)) {
        all.push(format!("{}を新しく登録できなくなります。", factor_name(*factor)));
    }
    if let Some(years) =
        new.password.renew_after_years.filter(|_| old.password.renew_after_years != new.password.renew_after_years)
    {
        let then = app.clock.now().checked_sub(SignedDuration::from_hours(YEAR * i64::from(years)))?;
        let due = queries::enrolled_password_before(&app.db, staff, then).await?;
        all.push(format!("{}人に、次のログインで新しいパスワードを求めます。", yen(due)));
    }
    if new.email == EmailRule::RequiredVerified && old.email != new.email {
        let without = queries::waiting_without_email(&app.db, staff).await?;
        all.push(format!(
            "初回登録を待つ人のうち、メールアドレスのない{}人に、登録でメールの確認を求めます。",
            yen(without)
        ));
    }
    if new.expenses_visible_years < old.expenses_visible_years {
        all.push(format!(
            "{}年前より前の医療費は、すぐに見えなくなります。データは残り、年数を戻すとまた見えます。",
            new.expenses_visible_years
        ));
    }
    if new.expenses_visible_years > old.expenses_visible_years {
        all.push(format!("{}年前までの医療費が、取り込まれていればすぐに見えます。", new.expenses_visible_years));
    }
    if new.session.absolute_hours < old.session.absolute_hours || new.session.remember_days < old.session.remember_days
    {
        all.push("今のログインはそのまま続き、次のログインから新しい長さになります。".to_owned());
    }
    if !new.two_person.is_empty() && old.two_person != new.two_person {
        all.push("選んだ操作は、ほかの職員が承認するまで実行されません。".to_owned());
    }
    if old.two_person.iter().any(|act| !new.two_person.contains(act)) {
        all.push("二人の確認を外す変更は、ほかの管理者が承認すると有効になります。それまでは今のままです。".to_owned());
    }
    Ok(all)
}

fn factor_name(factor: Factor) -> &'static str {
    match factor {
        Factor::Passkey => "生体認証（パスキー）",
        Factor::App => "認証アプリ",
        Factor::Email => "メールのコード",
    }
}
