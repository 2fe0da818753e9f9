//! The conformance suite, for each way in which Flyte is told, and for each kind of principal: roles of AWS's, and managed identities of
//! Azure's, whose client IDs are known once they are made.

use cloudgrant_flyte::Flyte;
use cloudgrant_platform_tests::worlds::{Admin, ClientId, Handoff, Kubernetes, Role, Settings, SettingsAndKubernetes};

mod told_by_people_of_roles {
    use super::{Flyte, Handoff, Role};
    cloudgrant_conformance::platform_suite!(Handoff<Flyte, Role>);
}

mod told_by_people_of_identities {
    use super::{ClientId, Flyte, Handoff};
    cloudgrant_conformance::platform_suite!(Handoff<Flyte, ClientId>);
}

mod told_by_annotations_of_roles {
    use super::{Flyte, Kubernetes, Role};
    cloudgrant_conformance::platform_suite!(Kubernetes<Flyte, Role>);
}

mod told_by_annotations_of_identities {
    use super::{ClientId, Flyte, Kubernetes};
    cloudgrant_conformance::platform_suite!(Kubernetes<Flyte, ClientId>);
}

mod told_by_flyte_admin_of_roles {
    use super::{Admin, Flyte, Role};
    cloudgrant_conformance::platform_suite!(Admin<Flyte, Role>);
}

mod told_by_flyte_admin_of_identities {
    use super::{Admin, ClientId, Flyte};
    cloudgrant_conformance::platform_suite!(Admin<Flyte, ClientId>);
}

mod told_by_settings_of_roles {
    use super::{Flyte, Role, Settings};
    cloudgrant_conformance::platform_suite!(Settings<Flyte, Role>);
}

mod told_by_settings_of_identities {
    use super::{ClientId, Flyte, Settings};
    cloudgrant_conformance::platform_suite!(Settings<Flyte, ClientId>);
}

mod told_by_settings_and_annotations_of_roles {
    use super::{Flyte, Role, SettingsAndKubernetes};
    cloudgrant_conformance::platform_suite!(SettingsAndKubernetes<Flyte, Role>);
}

mod told_by_settings_and_annotations_of_identities {
    use super::{ClientId, Flyte, SettingsAndKubernetes};
    cloudgrant_conformance::platform_suite!(SettingsAndKubernetes<Flyte, ClientId>);
}
