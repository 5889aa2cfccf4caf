//! Every page, drawn from its sample.

use scraper::Html;
use yui::ui::samples;

#[test]
fn every_page_is_valid_html_and_looks_as_it_did() {
    assert!(samples().len() >= 10, "the pages are found");
    for sample in samples() {
        for &lang in sample.langs() {
            let html = sample.html(lang).unwrap();
            let page = Html::parse_document(&html);
            assert!(page.errors.is_empty(), "{sample:?} in {lang:?}: {:?}", page.errors);
            assert_eq!(html.matches("<h1").count(), 1, "{sample:?} has one heading");
            assert!(
                !html.contains(" style=") && !html.contains("<style") && !html.contains("onclick"),
                "{sample:?}: inline"
            );
            insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(format!("{}.{}", sample.name, lang.code()), html);
            });
        }
    }
}
