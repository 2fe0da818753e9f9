//! The order of the folders of `src`, which `lib.rs` tells.

#[test]
fn imports_lead_one_way() {
    cloudgrant_layers::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            &["permissions", "stacks", "verbs"],
            &["observe"],
            &["packing"],
            &["marks"],
            &["objects"],
            &["inventory"],
            &["shared_document"],
            &["resources"],
            &["policy"],
            &["client"],
            &["names"],
            &["config"],
            &["error"],
        ],
    );
}
