//! The registry of what Herald adds to the documents of others.

use cpim::namespaces::WRITTEN;

/// The lines of docs/namespaces.tsv of a format.
fn registered(format: &str) -> Vec<&'static str> {
    let lines = include_str!("../../../../docs/namespaces.tsv").lines().filter(|line| !line.starts_with('#'));
    let lines = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    lines.filter(|line| line[0] == format).map(|line| line[1]).collect()
}

//
#[test]
fn every_namespace_that_is_written_is_registered_and_none_beside() {
    let mut written: Vec<_> = WRITTEN.iter().map(|(_, namespace)| *namespace).collect();
    written.sort_unstable();
    let mut registered: Vec<_> = ["pidf", "cpim"].into_iter().flat_map(registered).collect();
    registered.sort_unstable();
    registered.dedup();
    assert_eq!(registered, written);
}

//
#[test]
fn nothing_else_is_written() {
    fn check(element: &cpim::xml::Element) {
        let attributes = element.attributes.iter().map(|attribute| &*attribute.namespace);
        for namespace in
            attributes.chain([&*element.namespace]).filter(|name| !["", cpim::xml::XML].contains(name))
        {
            assert!(
                WRITTEN.iter().any(|(_, written)| *written == namespace),
                "{namespace} is not registered"
            );
        }
        element.elements().for_each(check);
    }
    for document in crate::composing::documents_of_every_state() {
        check(&document.to_element());
    }
}
