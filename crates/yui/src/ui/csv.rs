//! Tables for people's spreadsheets: UTF-8 with its mark, RFC 4180, streamed.

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt};
use kenpo_formats::text::harmless_cell;

/// Returns one line, every cell quoted.
pub(crate) fn line(cells: &[&str]) -> String {
    cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\r\n"
}

/// Returns the cell quoted, and harmless where a spreadsheet would take it for a formula.
fn quoted(cell: &str) -> String {
    format!("\"{}\"", harmless_cell(cell).replace('"', "\"\""))
}

/// Returns the lines as a file to keep; fused, because what compresses it asks once more after its end. What is cut short by an error does not look whole: the connection breaks.
pub(crate) fn download(
    name: &str,
    lines: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    let mark = futures::stream::once(async { Ok(Bytes::from_static("\u{feff}".as_bytes())) });
    (headers, Body::from_stream(mark.chain(lines).fuse())).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_data_and_nothing_else() {
        assert_eq!(line(&["a\"b", "=1+1", "＝1", "\0@x", ""]), "\"a\"\"b\",\"'=1+1\",\"'＝1\",\"'\0@x\",\"\"\r\n");
    }
}
