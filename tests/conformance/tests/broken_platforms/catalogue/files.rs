//! Platforms that write files wrongly.

use cloudgrant_conformance::platforms::Sample;
use cloudgrant_conformance::platforms::reference::Board;
use cloudgrant_core::{DeliveryFile, Principal};

use super::breakage;

/// Platforms that change each of their files.
macro_rules! writing_files {
    ($($(#[$doc:meta])* $name:ident |$file:ident| $change:expr;)*) => {
        $(breakage! {
            $(#[$doc])*
            $name {
                fn files(&self, _: &Board, _: &[Principal], files: &mut Vec<DeliveryFile>) {
                    files.iter_mut().for_each(|$file| $change);
                }
            }
        })*
    };
}

writing_files! {
    /// Writes beside the folder.
    Escaping |file| file.path = format!("../{}", file.path);
    /// Writes anywhere.
    Absolute |file| file.path = format!("/{}", file.path);
    /// Writes all of it into one file.
    SamePath |file| file.path = "records/all.yaml".to_owned();
    /// Writes a key that nobody knows.
    UnknownKey |file| file.content = file.content.replacen('{', "{\"owner\": \"acme\", ", 1);
    /// Writes what nobody reads.
    Unread |file| file.path = file.path.replace("records/", "notes/");
    /// Writes what nobody can read.
    NoYaml |file| file.content = "{ project: ".to_owned();
    /// Doesn't say what it is for.
    Purposeless |file| file.purpose.clear();
    /// Has nothing in it.
    EmptyFile |file| file.content = "{}".to_owned();
}

fn file(pair: &str, content: &str) -> DeliveryFile {
    DeliveryFile {
        path: format!("records/{pair}.yaml"),
        purpose: "The record of a project and domain.".to_owned(),
        content: content.to_owned(),
    }
}

breakage! {
    /// Writes a file for the neighbour as well.
    FileOfNeighbour {
        fn files(&self, _: &Board, _: &[Principal], files: &mut Vec<DeliveryFile>) {
            files.push(file("forecasting.production", "{ project: forecasting }"));
        }
    }
}

breakage! {
    /// Writes one file.
    FileOfFirst {
        fn files(&self, _: &Board, _: &[Principal], files: &mut Vec<DeliveryFile>) {
            files.truncate(1);
        }
    }
}

breakage! {
    /// Writes files for principals that nobody knows yet.
    FileOfNothing {
        const SAMPLE: Sample = Sample::IDENTITY;
        fn files(&self, _: &Board, principals: &[Principal], files: &mut Vec<DeliveryFile>) {
            if files.is_empty() && !principals.is_empty() {
                files.push(file("vision.production", "{ project: vision, domain: production, principal: '' }"));
            }
        }
    }
}
