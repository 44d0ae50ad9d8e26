//! CloudFormation's answers in XML, read by the names of their elements.

use roxmltree::{Document, Node};

use crate::stack::error::StackError;

/// An answer's text, which is XML.
#[derive(Clone, Debug)]
pub struct Answer {
    /// As it came.
    pub text: String,
}

/// An element of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    node: Node<'a, 'a>,
}

impl Answer {
    /// Reads the result of an operation.
    ///
    /// # Errors
    /// Where the text is no XML.
    pub fn read<T>(&self, read: impl FnOnce(Element<'_>) -> T) -> Result<T, StackError> {
        let document = Document::parse(&self.text).map_err(|error| StackError {
            code: "UnreadableAnswer".to_owned(),
            message: format!("the answer is no XML: {error}"),
            ..StackError::default()
        })?;
        let root = document.root_element();
        let result = root.children().find(|child| child.tag_name().name().ends_with("Result"));
        Ok(read(Element { node: result.unwrap_or(root) }))
    }
}

impl<'a> Element<'a> {
    /// The first child of this name.
    pub fn child(self, name: &str) -> Option<Self> {
        self.node.children().find(|child| child.has_tag_name_of(name)).map(|node| Self { node })
    }

    /// The text of a child, if there is any.
    pub fn text(self, name: &str) -> Option<String> {
        self.child(name)?.own_text()
    }

    /// The text of a child, or nothing.
    pub fn text_or_empty(self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    /// Whether a child says `true`.
    pub fn says(self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// The elements of a list.
    pub fn members(self, name: &str) -> impl Iterator<Item = Self> {
        let list = self.child(name);
        list.into_iter().flat_map(|list| {
            list.node.children().filter(|child| child.has_tag_name_of("member")).map(|node| Self { node })
        })
    }

    /// The element's own text.
    pub fn own_text(self) -> Option<String> {
        let text: String = self.node.children().filter_map(|child| child.text()).collect();
        (!text.is_empty()).then_some(text)
    }
}

/// Names without their namespace: endpoints beside AWS write others, or none.
trait Named {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;

    #[test]
    fn texts_and_lists_are_read_whatever_the_namespace() {
        let text = "<?xml version=\"1.0\"?><R xmlns=\"http://x/\"><OpResult><A>&lt;1&gt; <![CDATA[&]]></A><L><member><B>true</B></member>\
                    <member/></L><Empty/></OpResult><ResponseMetadata/></R>";
        let answer = Answer { text: text.to_owned() };
        let read = answer.read(|result| {
            assert_eq!(result.text("A").as_deref(), Some("<1> &"));
            assert_eq!((result.text("Empty"), result.text("None")), (None, None));
            result.members("L").map(|one| one.says("B")).collect::<Vec<_>>()
        });
        assert_eq!(read.unwrap(), [true, false]);
        assert!(Answer { text: "<a".to_owned() }.read(|_| ()).is_err());
    }
}
