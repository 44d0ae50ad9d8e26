//! Pipeline files: any text is a pipeline, or has mistakes at places within it that can be shown.

use provision::{Place, Source};

/// Any text is read, checked, desired and shown.
pub fn pipeline(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let environment = |name: &str| name.len().is_multiple_of(2).then(|| "a value".to_owned());
    let mistakes = match provision::load(text, &environment) {
        Ok(pipeline) => {
            let place = Place {
                region: "us-east-1".to_owned(),
                account: "000000000000".to_owned(),
                endpoint: "http://localhost:4566".to_owned(),
            };
            let id = |name: &str| Some(format!("id-of-{name}"));
            provision::run_tests(
                &pipeline,
                provision::World { place: &place, ids: &id, input: &|_, _, event| Ok(event.to_owned()) },
            );
            provision::desired(&pipeline, &place, &id).err().unwrap_or_default()
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused without a reason");
            mistakes
        }
    };
    for mistake in &mistakes {
        assert!(mistake.span.start <= mistake.span.end && mistake.span.end <= text.len(), "{mistake:?}");
        assert!(text.get(mistake.span.start..mistake.span.end).is_some(), "{mistake:?}");
        assert!(!mistake.sentence.is_empty());
    }
    let shown = Source { name: "f.yaml", text }.render(&mistakes, &|_, part| part.to_owned());
    assert_eq!(shown.is_empty(), mistakes.is_empty());
}
