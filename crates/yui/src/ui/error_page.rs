//! The page for what could not be answered.

use askama::Template;
use axum::{
    http::HeaderValue,
    response::{IntoResponse, Response},
};

use super::{Page, PageContext, pages};
use crate::core::error::AppError;

#[derive(Template)]
#[template(path = "ui/error_page.html")]
struct ErrorPage {
    page: Page,
    what: &'static str,
    next: &'static str,
    reference: Option<String>,
}

#[derive(Template)]
#[template(path = "ui/console_error_page.html")]
struct ConsoleErrorPage {
    page: Page,
    what: &'static str,
    next: &'static str,
    reference: Option<String>,
}

/// Returns the page in the client's language, with the status and headers of the bare response.
pub(crate) fn error_page(context: &PageContext, error: &AppError, reference: &str, bare: Response) -> Response {
    let console = context.path.split(['?', '/']).nth(1) == Some("console");
    let (title, what, next) = match error {
        AppError::NotFound => (
            "ページが見つかりません",
            "お探しのページはありません。",
            "アドレスに誤りがないかお確かめのうえ、トップページからもう一度お探しください。",
        ),
        AppError::Forbidden => (
            "この操作はできません",
            "別のサイトから送られた操作のため、受け付けませんでした。",
            "トップページを開きなおして、もう一度お試しください。",
        ),
        AppError::NotAllowed => (
            "権限がありません",
            "あなたの役割では、この操作はできません。",
            "必要な場合は、管理者に役割の変更を依頼してください。",
        ),
        AppError::Busy(_) => (
            "ただいま混み合っています",
            "アクセスが集中しているため、受け付けられませんでした。",
            "数秒おいてから、もう一度お試しください。",
        ),
        AppError::TooMany(_) => (
            "しばらくお待ちください",
            "操作が続いたため、受け付けを一時止めています。",
            "1分ほどおいてから、もう一度お試しください。",
        ),
        AppError::Database(_) => (
            "ただいまご利用いただけません",
            "システムが一時的に応答していないため、受け付けられませんでした。",
            "少し時間をおいてから、もう一度お試しください。",
        ),
        AppError::Unavailable(what) => {
            ("ただいまご利用いただけません", *what, "お急ぎの場合は、健康保険組合へお問い合わせください。")
        }
        AppError::Bug(_) => (
            "エラーが発生しました",
            "申し訳ありません。システムの不具合により、表示できませんでした。",
            "時間をおいてもう一度お試しください。続く場合は、下の番号を添えて健康保険組合へお知らせください。",
        ),
    };
    let reference = matches!(error, AppError::Bug(_)).then(|| reference.to_owned());
    let mut response = if console {
        ConsoleErrorPage { page: context.console(title), what, next, reference }.into_response()
    } else {
        ErrorPage { page: context.page(title), what, next, reference }.into_response()
    };
    *response.status_mut() = bare.status();
    if let Some(after) = bare.headers().get(axum::http::header::RETRY_AFTER) {
        response.headers_mut().insert(axum::http::header::RETRY_AFTER, HeaderValue::clone(after));
    }
    response
}

pages! {
    ErrorPage => |context| Self {
        page: context.page("エラーが発生しました"),
        what: "申し訳ありません。システムの不具合により、表示できませんでした。",
        next: "時間をおいてもう一度お試しください。続く場合は、下の番号を添えて健康保険組合へお知らせください。",
        reference: Some("0123456789abcdef".into()),
    },
}

super::console_pages! {
    ConsoleErrorPage => |context| Self {
        page: context.console("権限がありません"),
        what: "あなたの役割では、この操作はできません。",
        next: "必要な場合は、管理者に役割の変更を依頼してください。",
        reference: None,
    },
}
