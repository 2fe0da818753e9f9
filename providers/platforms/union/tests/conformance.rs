//! The conformance suite, for each way in which Union is told, and for each kind of principal: roles of AWS's, and managed identities of
//! Azure's, whose client IDs are known once they are made.

use cloudgrant_platform_tests::worlds::{Admin, ClientId, Handoff, Kubernetes, Role, Settings, SettingsAndKubernetes};
use cloudgrant_union::Union;

mod told_by_people_of_roles {
    use super::{Handoff, Role, Union};
    cloudgrant_conformance::platform_suite!(Handoff<Union, Role>);
}

mod told_by_people_of_identities {
    use super::{ClientId, Handoff, Union};
    cloudgrant_conformance::platform_suite!(Handoff<Union, ClientId>);
}

mod told_by_annotations_of_roles {
    use super::{Kubernetes, Role, Union};
    cloudgrant_conformance::platform_suite!(Kubernetes<Union, Role>);
}

mod told_by_annotations_of_identities {
    use super::{ClientId, Kubernetes, Union};
    cloudgrant_conformance::platform_suite!(Kubernetes<Union, ClientId>);
}

mod told_by_flyte_admin_of_roles {
    use super::{Admin, Role, Union};
    cloudgrant_conformance::platform_suite!(Admin<Union, Role>);
}

mod told_by_flyte_admin_of_identities {
    use super::{Admin, ClientId, Union};
    cloudgrant_conformance::platform_suite!(Admin<Union, ClientId>);
}

mod told_by_settings_of_roles {
    use super::{Role, Settings, Union};
    cloudgrant_conformance::platform_suite!(Settings<Union, Role>);
}

mod told_by_settings_of_identities {
    use super::{ClientId, Settings, Union};
    cloudgrant_conformance::platform_suite!(Settings<Union, ClientId>);
}

mod told_by_settings_and_annotations_of_roles {
    use super::{Role, SettingsAndKubernetes, Union};
    cloudgrant_conformance::platform_suite!(SettingsAndKubernetes<Union, Role>);
}

mod told_by_settings_and_annotations_of_identities {
    use super::{ClientId, SettingsAndKubernetes, Union};
    cloudgrant_conformance::platform_suite!(SettingsAndKubernetes<Union, ClientId>);
}
