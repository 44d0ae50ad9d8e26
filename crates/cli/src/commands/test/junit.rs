//! The results of tests as JUnit XML, which CI systems show.

use std::fmt::Write as _;

use provision::mistake::Style;
use provision::{TestResult, Texts};

/// The report.
pub(super) fn report(texts: &Texts, results: &[TestResult], style: Style<'_>) -> String {
    let failed = results.iter().filter(|result| !result.has_passed()).count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let suite = escaped(&texts.name().display().to_string());
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "<testsuites><testsuite name=\"{suite}\" tests=\"{}\" failures=\"{failed}\">",
        results.len()
    );
    for result in results {
        let name = escaped(&result.name);
        let (file, line) = (escaped(&texts.name_of(result.span).display().to_string()), result.span.line);
        let _ =
            write!(out, "<testcase classname=\"{suite}\" name=\"{name}\" file=\"{file}\" line=\"{line}\">");
        for failure in &result.failures {
            let shown = escaped(&texts.render_one(failure, style));
            let _ = write!(out, "<failure message=\"{}\">{shown}</failure>", escaped(&failure.sentence));
        }
        out.push_str("</testcase>\n");
    }
    out.push_str("</testsuite></testsuites>\n");
    out
}

/// Text as XML may hold it: control characters have no form there.
fn escaped(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_xml_cannot_hold_is_left_out() {
        assert_eq!(escaped("a<b> & \"c\"\u{1b}[0m"), "a&lt;b&gt; &amp; &quot;c&quot;[0m");
    }
}
