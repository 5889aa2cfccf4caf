//! The message about a form that came too late, on the login page.

/// The message on the login or re-authentication page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LateFormMessage {
    /// No message.
    Nothing,
    /// The session expired.
    Session,
    /// The session expired, and the form is kept.
    Kept,
    /// The session expired, and the form is not kept.
    Lost,
    /// There is no session, so the form was not accepted.
    NotSent,
}

/// Adds the word for the message to an address.
pub(crate) fn with_word(path: String, told: LateFormMessage) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    match told {
        LateFormMessage::Nothing => path,
        LateFormMessage::Session => format!("{path}{separator}ended=session"),
        LateFormMessage::Kept => format!("{path}{separator}ended=kept"),
        LateFormMessage::Lost => format!("{path}{separator}ended=lost"),
        LateFormMessage::NotSent => format!("{path}{separator}ended=out"),
    }
}
