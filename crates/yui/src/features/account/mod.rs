//! Accounts of insured persons: enrolment, logging in with a second factor, staying logged in, changing one's
//! credentials, and the ways back in. [`steps::step`] returns at any moment the next step of a login.

mod add_factor;
mod anchors;
mod attempt;
mod confirm;
pub mod create;
mod enrolment;
mod events;
mod factor;
pub(crate) mod letters;
mod limits;
mod login;
mod login_cookie;
mod logout;
mod mail_wishes;
mod names;
mod passkey_login;
mod passkeys;
mod password;
mod paths;
mod pending_login;
pub(crate) mod queries;
mod recovery;
pub(crate) mod rules;
mod session;
mod settings;
pub mod staff;
pub mod steps;
mod terms;
mod tidy;
mod unsubscribe;
pub(crate) mod waiting;

pub use anchors::{Events, anchor_events, verify_events};
pub(crate) use confirm::{due as confirm_due, due_for_health, path_after as confirm_path_after};
pub(crate) use events::event_label;
pub(crate) use paths::login_path_after;
pub(crate) use pending_login::{RanOut, owner_of_login, ran_out};
pub(crate) use session::{owner as owner_of_session, resolve};
pub use tidy::{Tidied, tidy};

use crate::core::routes::{
    Permission::{Anybody, Fresh, Member, Step},
    Routes,
};

/// The parts for checking credentials, for the staff's logins as well: the same ceremonies, limits and seals under
/// other names.
pub(crate) mod credentials {
    pub(crate) use super::{
        attempt::Attempt,
        passkeys::{
            CeremonyAnswer, CeremonyKind, json_error, json_redirect, relying_party, start_ceremony, take_ceremony,
            verified_or_none,
        },
        queries::{ceremony, ceremony_insert, ceremony_take, passkey_is_of_staff},
        rules::{email_as_kept, folded, password_as_kept},
    };
}

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    settings_routes(add_factor_routes(enrolment_routes(login_routes(routes))))
}

fn login_routes(routes: Routes) -> Routes {
    routes
        .get("/login", Anybody, login::show)
        .post("/login", Anybody, login::submit)
        .post("/login/passkey/begin", Anybody, passkey_login::begin)
        .post("/login/passkey/finish", Anybody, passkey_login::finish)
        .get("/unsubscribe/{token}", Anybody, unsubscribe::show)
        .post("/unsubscribe/{token}", Anybody, unsubscribe::submit)
        .get("/login/continue", Step, login::resume)
        .get("/login/refused", Step, login::show_refused)
        .post("/login/give-up", Step, login::cancel)
        .get("/login/factor", Step, factor::show)
        .post("/login/factor/app", Step, factor::app_submit)
        .post("/login/factor/email", Step, factor::mail_submit)
        .post("/login/factor/email/again", Step, factor::mail_again)
        .post("/login/factor/recovery", Step, factor::recovery_submit)
        .post("/login/factor/passkey/begin", Step, factor::passkey_begin)
        .post("/login/factor/passkey/finish", Step, factor::passkey_finish)
        .get("/login/terms", Step, terms::show)
        .post("/login/terms", Step, terms::submit)
        .get("/login/password", Step, password::show)
        .post("/login/password", Step, password::submit)
        .post("/password/strength", Step, password::strength_of)
        .get("/logout", Member, logout::show)
        .post("/logout", Member, logout::submit)
        .get("/confirm", Member, confirm::show)
        .post("/confirm", Member, confirm::submit)
        .post("/confirm/passkey/begin", Member, confirm::passkey_begin)
        .post("/confirm/passkey/finish", Member, confirm::passkey_finish)
        .get("/forgotten/password", Anybody, recovery::password_show)
        .post("/forgotten/password", Anybody, recovery::password_submit)
        .get("/forgotten/user-id", Anybody, recovery::user_id_show)
        .post("/forgotten/user-id", Anybody, recovery::user_id_submit)
        .get("/link/email/{token}", Anybody, recovery::email_link_show)
        .post("/link/email/{token}", Anybody, recovery::email_link_submit)
        .get("/link/password/{token}", Anybody, recovery::password_link_show)
        .post("/link/password/{token}", Anybody, recovery::password_link_submit)
        .get("/link/first/{token}", Anybody, recovery::first_link_show)
        .post("/link/first/{token}", Anybody, recovery::first_link_submit)
        .get("/.well-known/change-password", Anybody, settings::change_password)
        .get("/.well-known/passkey-endpoints", Anybody, settings::passkey_endpoints)
}

fn enrolment_routes(routes: Routes) -> Routes {
    routes
        .get("/enrolment/birth-date", Step, enrolment::birth_date_show)
        .post("/enrolment/birth-date", Step, enrolment::birth_date_submit)
        .get("/enrolment/email", Step, enrolment::email_show)
        .post("/enrolment/email", Step, enrolment::email_submit)
        .get("/enrolment/email/sent", Step, enrolment::email_sent)
        .get("/enrolment/email/status", Anybody, enrolment::email_status)
        .post("/enrolment/email/again", Step, enrolment::email_again)
        .post("/enrolment/email/change", Step, enrolment::email_change)
        .get("/enrolment/user-id", Step, enrolment::profile_show)
        .post("/enrolment/user-id", Step, enrolment::profile_submit)
        .get("/enrolment/identity", Step, enrolment::identity_show)
        .post("/enrolment/identity", Step, enrolment::identity_submit)
        .get("/enrolment/details", Step, enrolment::details_show)
        .post("/enrolment/details", Step, enrolment::details_submit)
        .get("/enrolment/check", Step, enrolment::check_show)
        .post("/enrolment/check", Step, enrolment::check_submit)
        .post("/enrolment/check/back", Step, enrolment::check_back)
        .get("/enrolment/done", Member, enrolment::done_show)
}

fn add_factor_routes(routes: Routes) -> Routes {
    routes
        .get("/factors", Step, add_factor::choose_show)
        .post("/factors/later", Step, add_factor::later)
        .get("/factors/app", Step, add_factor::app_show)
        .post("/factors/app", Step, add_factor::app_submit)
        .get("/factors/app/qr/{question}", Step, add_factor::app_qr)
        .get("/factors/email", Step, add_factor::email_show)
        .post("/factors/email/send", Step, add_factor::email_send)
        .post("/factors/email", Step, add_factor::email_submit)
        .get("/factors/passkey", Step, add_factor::passkey_show)
        .post("/factors/passkey/begin", Step, add_factor::passkey_begin)
        .post("/factors/passkey/finish", Step, add_factor::passkey_finish)
}

fn settings_routes(routes: Routes) -> Routes {
    routes
        .get("/settings", Member, settings::profile_show)
        .post("/settings", Member, settings::profile_submit)
        .get("/settings/login", Member, settings::login_methods_show)
        .get("/settings/sessions", Member, settings::sessions_show)
        .post("/settings/sessions/end", Member, settings::session_end)
        .post("/settings/sessions/end-others", Member, settings::sessions_end_others)
        .get("/settings/user-id", Fresh, settings::user_id_show)
        .post("/settings/user-id", Fresh, settings::user_id_submit)
        .get("/settings/email", Fresh, settings::email_show)
        .post("/settings/email", Fresh, settings::email_submit)
        .get("/settings/password", Fresh, settings::password_show)
        .post("/settings/password", Fresh, settings::password_submit)
        .get("/settings/factors/{id}/delete", Fresh, settings::factor_delete_show)
        .post("/settings/factors/{id}/delete", Fresh, settings::factor_delete)
        .get("/settings/factors/{id}/rename", Fresh, settings::factor_rename_show)
        .post("/settings/factors/{id}/rename", Fresh, settings::factor_rename)
        .get("/settings/recovery-codes", Fresh, settings::recovery_codes_show)
        .post("/settings/recovery-codes", Fresh, settings::recovery_codes_make)
}
