//! Texts of an XML answer: what STS and other services of the query protocol say.
//!
//! Their answers have no attributes that matter, no CDATA and no namespaces with prefixes, so that the first element of a name is
//! what its service's model means by it.

/// The text of the first element of this name, which has no elements inside.
pub(crate) fn text(xml: &str, name: &str) -> Option<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let (_, rest) = xml.split_once(&open)?;
    let (text, _) = rest.split_once(&close)?;
    (!text.contains('<')).then(|| plain(text))
}

/// Without XML's five entities.
fn plain(text: &str) -> String {
    let replaced = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    replaced.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn the_first_element_of_a_name_is_read() {
        let xml = "<R xmlns=\"x\"><Error><Code>A&amp;lt;</Code><Message>it&apos;s</Message></Error></R>";
        assert_eq!(text(xml, "Code").as_deref(), Some("A&lt;"));
        assert_eq!(text(xml, "Message").as_deref(), Some("it's"));
        assert_eq!(text(xml, "Error"), None);
        assert_eq!(text(xml, "Type"), None);
    }
}
