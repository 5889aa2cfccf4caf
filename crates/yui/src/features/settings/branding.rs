//! Name, colour and logo.

use askama::Template;
use axum::{
    extract::{Multipart, Path, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    colour::{Colour, LEAST},
    postcards::unprintable,
};
use crate::{
    core::{
        app::App,
        audit,
        error::AppError,
        scope::{PublicScope, StaffScope},
        society::{Branding, InSociety, Society},
    },
    features::societies::{acts::BRANDING_CHANGED, queries},
    ui::{FormState, Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/settings/branding.html")]
pub(crate) struct BrandingPage {
    page: Page,
    form: FormState,
    name: String,
    accent: String,
    has_logo: bool,
}

const TITLE: &str = "名称・色・ロゴ";

/// The largest file of a logo, in bytes, and the most pixels on a side.
const LARGEST: usize = 200_000;
const SIDE: u32 = 1024;

fn page(context: &PageContext, staff: &StaffScope, form: FormState, name: String, accent: String) -> BrandingPage {
    let branding = staff.society().branding.as_ref();
    BrandingPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        name,
        accent,
        has_logo: branding.is_some_and(|branding| branding.has_logo),
    }
}

pub(crate) async fn show(context: PageContext, staff: StaffScope) -> BrandingPage {
    let society = staff.society();
    let accent = society.branding.as_ref().and_then(|branding| branding.accent.clone()).unwrap_or_default();
    page(&context, &staff, FormState::default(), society.name.clone(), accent)
}

/// Draws a picture again: the result is a PNG of known size with nothing else in it.
fn redrawn(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    const NO_PNG: &str = "PNG形式の画像を選んでください。";
    let mut decoder = png::Decoder::new_with_limits(std::io::Cursor::new(bytes), png::Limits { bytes: 16 << 20 });
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().map_err(|_| NO_PNG)?;
    let (width, height) = (reader.info().width, reader.info().height);
    if width > SIDE || height > SIDE {
        return Err("画像は縦横とも1024ピクセル以内にしてください。");
    }
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(NO_PNG)?];
    let frame = reader.next_frame(&mut pixels).map_err(|_| NO_PNG)?;
    let mut drawn = Vec::new();
    let mut encoder = png::Encoder::new(&mut drawn, width, height);
    encoder.set_color(frame.color_type);
    encoder.set_depth(frame.bit_depth);
    let used = pixels.get(..frame.buffer_size()).ok_or(NO_PNG)?;
    encoder.write_header().and_then(|mut writer| writer.write_image_data(used)).map_err(|_| NO_PNG)?;
    Ok(drawn)
}

/// The form for name, colour and logo.
#[derive(Default)]
struct BrandingForm {
    name: String,
    accent: String,
    logo: Vec<u8>,
    remove_logo: bool,
}

impl BrandingForm {
    async fn read(mut parts: Multipart) -> Result<Self, axum::extract::multipart::MultipartError> {
        let mut sent = Self::default();
        while let Some(mut part) = parts.next_field().await? {
            let name = part.name().unwrap_or_default().to_owned();
            let mut bytes = Vec::new();
            // A file that is too large is not kept whole: one byte more tells that it is.
            while let Some(chunk) = part.chunk().await? {
                bytes.extend(chunk.iter().take(LARGEST + 1 - bytes.len().min(LARGEST + 1)));
            }
            let text = || String::from_utf8_lossy(&bytes).trim().to_owned();
            match name.as_str() {
                "name" => sent.name = text(),
                "accent" => sent.accent = text(),
                "logo" => sent.logo = bytes,
                "remove_logo" => sent.remove_logo = true,
                _ => {}
            }
        }
        Ok(sent)
    }
}

pub(crate) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    parts: Multipart,
) -> Result<Response, AppError> {
    let Ok(BrandingForm { name, accent, logo, remove_logo }) = BrandingForm::read(parts).await else {
        return Err(AppError::NotFound);
    };
    let mut form = FormState::default();
    if name.is_empty() || name.chars().count() > 60 || name.contains(char::is_control) {
        form.error("name", "名称を60文字以内で入力してください。");
    }
    let colour = Colour::parse(&accent);
    match colour {
        None if !accent.is_empty() => form.error("accent", "色は #0017c1 のように、#と6桁の英数字で入力してください。"),
        Some(colour) if colour.contrast_on_light() < LEAST => {
            let words = format!(
                "この色は背景とのコントラストが{:.1}で、文字が読みにくくなります（4.5以上が必要です）。近い色では {} が使えます。",
                colour.contrast_on_light(),
                colour.readable().text()
            );
            form.error("accent", &words);
        }
        _ => {}
    }
    let mut drawn = None;
    if logo.len() > LARGEST {
        form.error("logo", "ロゴの画像は200KB以内にしてください。");
    } else if !logo.is_empty() {
        match redrawn(&logo) {
            Ok(picture) => drawn = Some(picture),
            Err(words) => form.error("logo", words),
        }
    }
    let society = staff.society();
    if form.of("name").is_none() && name != society.name {
        let renamed = Society { name: name.clone(), ..Society::clone(society) };
        if let Some(words) = unprintable(&app, &renamed, &society.policy).await? {
            form.error("name", &words);
        }
    }
    if form.has_errors() {
        return Ok(page(&context, &staff, form, name, accent).into_response());
    }
    if drawn.is_none()
        && !remove_logo
        && let Some(Branding { version, has_logo: true, .. }) = &society.branding
    {
        drawn = queries::branding_logo(&app.db, &staff, *version).await?;
    }
    let mut tx = app.db.begin().await?;
    let accent = colour.map(Colour::text);
    queries::society_name(&mut tx, &staff, &name).await?;
    queries::branding_keep(&mut tx, &staff, accent.as_deref(), drawn.as_deref(), app.clock.now()).await?;
    let detail = format!(
        "名称 {} → {name}、色 {}、ロゴ {}",
        society.name,
        accent.as_deref().unwrap_or("標準"),
        if drawn.is_some() { "あり" } else { "なし" }
    );
    audit::record(&app, &mut tx, &staff, BRANDING_CHANGED, None, &detail).await?;
    tx.commit().await?;
    app.societies.forget();
    Ok(Redirect::to("/console/settings/branding").into_response())
}

/// Serves the style sheet (`3.css`) or the logo (`3.png`) of a version.
pub(crate) async fn file(
    State(app): State<App>,
    scope: PublicScope,
    Path(file): Path<String>,
) -> Result<Response, AppError> {
    let branding = scope.society().branding.as_ref();
    let (version, kind) = file.split_once('.').ok_or(AppError::NotFound)?;
    let branding = branding.filter(|branding| branding.version.to_string() == version).ok_or(AppError::NotFound)?;
    let kept = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    match kind {
        "css" => {
            let colour = branding.accent.as_deref().and_then(Colour::parse).ok_or(AppError::NotFound)?;
            Ok(([(header::CONTENT_TYPE, "text/css; charset=utf-8"), kept], colour.style()).into_response())
        }
        "png" => {
            let logo = queries::branding_logo(&app.db, &scope, branding.version).await?.ok_or(AppError::NotFound)?;
            Ok(([(header::CONTENT_TYPE, "image/png"), kept], logo).into_response())
        }
        _ => Err(AppError::NotFound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_drawn_anew_and_anything_else_is_named() {
        let drawn = redrawn(&yui_auth::qr::qr_png("https://portal.example.jp/").unwrap()).unwrap();
        assert!(redrawn(&drawn).is_ok());
        assert_eq!(redrawn(b"GIF89a"), Err("PNG形式の画像を選んでください。"));
        assert_eq!(redrawn(&drawn[..drawn.len() / 2]), Err("PNG形式の画像を選んでください。"));
        let mut wide = Vec::new();
        let mut encoder = png::Encoder::new(&mut wide, 2000, 1);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(&[0; 2000]).unwrap();
        assert_eq!(redrawn(&wide), Err("画像は縦横とも1024ピクセル以内にしてください。"));
    }
}

crate::ui::console_pages! {
    BrandingPage => |context| {
        let mut form = FormState::default();
        form.error("accent", "色は #0017c1 のように、#と6桁の英数字で入力してください。");
        let page = context.console_with_errors(TITLE);
        Self { page, form, name: "みなと海運健康保険組合".into(), accent: "緑".into(), has_logo: false }
    },
}
