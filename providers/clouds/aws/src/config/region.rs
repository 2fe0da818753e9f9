//! Regions by name: whether one is likely to be meant.
//!
//! A new region is taken without a new program (see [`crate::config::partition`]), and so is a slip of the pen in the usual form. What
//! has a geography or a direction that no region has is told.

use cloudgrant_core::{Error, Note, nearest};

use crate::config::partition::Partition;

/// How commercial regions begin. Source: `partitions.json` of the AWS SDKs, `regionRegex`.
const GEOGRAPHIES: [&str; 9] = ["af", "ap", "ca", "eu", "il", "me", "mx", "sa", "us"];

/// What stands before a region's number.
const DIRECTIONS: [&str; 9] =
    ["central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west"];

/// What a slip is compared with; one that isn't among them is as good. Source: AWS general reference, "AWS Regions".
const REGIONS: [&str; 38] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Why a region may be a slip of the pen; none where its words are those of regions. The geographies of the other partitions
/// are in their beginnings.
fn doubt(region: &str) -> Option<String> {
    let partition = Partition::of_region(region)?;
    let (place, _) = region.rsplit_once('-')?;
    let (before, direction) = place.rsplit_once('-')?;
    let geography = before.split('-').next()?;
    let strange = if partition.takes_any_geography() && !GEOGRAPHIES.contains(&geography) {
        geography
    } else if !DIRECTIONS.contains(&direction) {
        direction
    } else {
        return None;
    };
    let near = nearest(region, REGIONS).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Some(format!("no region that cloudgrant knows has `{strange}` in its name{near}"))
}

/// What a reader of a plan should know.
pub(crate) fn note(region: &str) -> Option<Note> {
    let why = doubt(region)?;
    Some(Note::warning("aws.region", format!("{region} is taken as it is, as new regions are: {why}")))
}

/// The same where AWS couldn't be asked: there may be no such host.
pub(crate) fn doubted(error: Error, region: &str) -> Error {
    match doubt(region) {
        Some(why) => error.with("region", format!("{region} ({why})")),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_region_has_in_its_name_is_doubted() {
        for (region, said) in [
            ("us-wset-2", "has `wset` in its name; did you mean us-west-2?"),
            ("ue-central-1", "has `ue` in its name; did you mean eu-central-1?"),
            ("eu-cental-1", "has `cental` in its name; did you mean eu-central-1?"),
            ("us-gov-wset-1", "has `wset` in its name; did you mean us-gov-west-1?"),
            ("zz-olympus-9", "has `zz` in its name"),
        ] {
            let note = note(region).expect(region);
            assert!(note.message.contains(said), "{region}: {}", note.message);
        }
        assert!(!note("zz-olympus-9").expect("a warning").message.contains("did you mean"));
        for region in REGIONS {
            assert_eq!(note(region), None, "{region}");
        }
        // Regions that are new tomorrow, and those of other partitions.
        for region in
            ["us-central-1", "sa-west-9", "ap-northwest-1", "eusc-de-east-1", "us-isob-east-1", "eu-isoe-west-1"]
        {
            assert_eq!(note(region), None, "{region}");
        }
    }
}
