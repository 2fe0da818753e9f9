//! The order of the folders of `src`: from the command line to what is written in a terminal.

#[test]
fn imports_lead_one_way() {
    cloudgrant_layers::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            &["command_line"],
            &["command"],
            &["terminal"],
            &["render"],
            &["export", "manifest", "sandbox"],
            &["args"],
            &["exit"],
        ],
    );
}
