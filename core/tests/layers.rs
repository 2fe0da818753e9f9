//! The order of the folders of `src`: one way through the house, from a text to a report.

#[test]
fn imports_lead_one_way() {
    cloudgrant_layers::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            &["session"],
            &["engine"],
            &["audit"],
            &["plan"],
            &["link"],
            &["manifest"],
            &["contract/registry"],
            &["manifest/text"],
            &["shared_document"],
            &["contract"],
            &["vocabulary"],
            &["pace"],
            &["digest", "parallel", "text"],
        ],
    );
}
