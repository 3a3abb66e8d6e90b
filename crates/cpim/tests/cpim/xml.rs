//! XML: what is read, what is refused and where, and canonical text.

use cpim::xml::{Limits, canonical, read};

fn tree(text: &str) -> cpim::xml::Element {
    read(text.as_bytes(), &Limits::default()).expect("well-formed")
}

fn refused(text: &str) -> String {
    read(text.as_bytes(), &Limits::default()).unwrap_err().to_string()
}

#[test]
fn canonical_text_declares_what_is_used_where_it_is_used_first() {
    let document = tree(
        "<?xml version='1.0' encoding='utf-8'?><!-- a --><a xmlns='urn:a' xmlns:b='urn:b' xmlns:c=\"urn:c\">\r\n\
         <b:x  b:z='1' y='&lt;&#65;\t&quot;'/><c xmlns=''>&amp;<![CDATA[<&]]>&gt;</c></a>",
    );
    assert_eq!(
        canonical(&document),
        "<a xmlns=\"urn:a\">\n<b:x xmlns:b=\"urn:b\" y=\"&lt;A &quot;\" b:z=\"1\"></b:x><c xmlns=\"\">&amp;&lt;&amp;&gt;</c></a>"
    );
    assert_eq!(canonical(&tree(&canonical(&document))), canonical(&document));
}

#[test]
fn what_a_text_quotes_as_a_name_stays_declared() {
    let document =
        tree("<a xmlns:p='urn:p' xmlns:q='urn:q' xmlns:r='urn:r'><b type='p:x'>q:y r : sip:a</b></a>");
    let element = document.elements().next().unwrap();
    assert_eq!(canonical(element), "<b xmlns:p=\"urn:p\" xmlns:q=\"urn:q\" type=\"p:x\">q:y r : sip:a</b>");
}

// covers: C-28
#[test]
fn what_is_not_well_formed_is_refused_with_its_place() {
    for (text, error) in [
        ("", "line 1, column 1: the document ends"),
        ("<a>", "line 1, column 4: the document ends"),
        ("<a>\n  <b></a>", "line 2, column"),
        ("<a/><b/>", "a second root element"),
        ("<a/>x", "a text outside of the root element"),
        ("<a b='1' b='2'/>", "\"b\" stands twice"),
        ("<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", "\"b\" stands twice"),
        ("<a xmlns:p='u' xmlns:p='v'/>", "\"xmlns:p\" stands twice"),
        ("<p:a/>", "the prefix \"p\" is not declared"),
        ("<a p:b=''/>", "the prefix \"p\" is not declared"),
        ("<a xmlns:p=''/>", "can't be declared so"),
        ("<a xmlns:xml='urn:x'/>", "can't be declared so"),
        ("<a xmlns:xmlns='urn:x'/>", "can't be declared so"),
        ("<a b='<'/>", "< in the value"),
        ("<a b='&'/>", "& without a reference"),
        ("<a>&</a>", "line 1, column"),
        ("<a>&#0;</a>", "U+0000 is not allowed"),
        ("<a>&#xD800;</a>", "a reference to no character"),
        ("<a>&#x110000;</a>", "a reference to no character"),
        ("<a>&#+65;</a>", "a reference to no character"),
        ("<a>]]></a>", "]]> in a text"),
        ("<a:b:c xmlns:a='u'/>", "is not a name"),
        ("<1a/>", "is not a name"),
        (" <?xml version='1.0'?><a/>", "elsewhere than first"),
        ("<?xml version='1.1'?><a/>", "version 1.1 is not read"),
        ("<a><?xml version='1.0'?></a>", "elsewhere than first"),
    ] {
        let refused = refused(text);
        assert!(refused.contains(error), "{text}: {refused}");
    }
}
