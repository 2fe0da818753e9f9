//! The kinds that are registered.

use cloudgrant_core::RegisteredKind;

use crate::resources::kinds::arn_kind::ArnKind;
use crate::resources::kinds::{
    dynamodb_table, kms_key, object_store, other_arn, repository, secret, sqs_queue, ssm_parameter,
};

/// The kinds that are granted on one ARN, in the order in which they are told.
pub(crate) const BY_ARN: [&ArnKind; 4] =
    [&dynamodb_table::KIND, &sqs_queue::KIND, &ssm_parameter::KIND, &kms_key::KIND];

/// Those of which more has to be known than an ARN.
const LOOKED_UP: [RegisteredKind; 3] = [object_store::REGISTERED, secret::REGISTERED, repository::REGISTERED];

/// All of them.
pub(crate) const REGISTERED: [RegisteredKind; LOOKED_UP.len() + BY_ARN.len() + 1] = {
    let mut all = [other_arn::REGISTERED; LOOKED_UP.len() + BY_ARN.len() + 1];
    let mut at = 0;
    while at < LOOKED_UP.len() + BY_ARN.len() {
        all[at] = if at < LOOKED_UP.len() { LOOKED_UP[at] } else { BY_ARN[at - LOOKED_UP.len()].registered };
        at += 1;
    }
    all
};

#[cfg(test)]
mod tests {
    use cloudgrant_core::Access;

    use super::*;

    #[test]
    fn actions_are_sorted_as_documents_have_them() {
        for level in Access::ALL {
            let of_arns = BY_ARN.iter().filter_map(|kind| kind.level(level));
            let of_arns =
                of_arns.flat_map(|level| level.rights.iter().map(|rights| rights.actions).chain([level.on_key]));
            let others =
                [object_store::on_objects(level), repository::on_repository(level), object_store::on_key(level)];
            for actions in others.into_iter().chain(of_arns) {
                assert!(actions.is_sorted_by(|one, next| one < next), "{level}: {actions:?}");
            }
        }
    }

    /// The capability check lets a level through where a table has something for it, and nowhere else.
    #[test]
    fn the_levels_of_a_kind_are_those_of_its_table() {
        for level in Access::ALL {
            let gives = object_store::lists(level) || !object_store::on_objects(level).is_empty();
            assert_eq!(object_store::REGISTERED.levels.contains(&level), gives, "{level}");
            let gives = !repository::on_repository(level).is_empty();
            assert_eq!(repository::REGISTERED.levels.contains(&level), gives, "{level}");
        }
    }
}
