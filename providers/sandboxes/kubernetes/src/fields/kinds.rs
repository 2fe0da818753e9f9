//! The fields of the kinds that the sandbox knows.
//!
//! Source: the OpenAPI document of Kubernetes 1.36, with its `x-kubernetes-list-type` and `x-kubernetes-map-type`.

use super::schema::{Field, Record, Type, always, field};

use Type::{Any, AtomicList, AtomicRecord, Boolean, Integer, ListBy, Map, Set, Text};

const API_VERSION: Field = field("apiVersion", Text);
const KIND: Field = field("kind", Text);
const METADATA: Field = always("metadata", Type::Record(&OBJECT_META));

/// `v1`, `ServiceAccount`.
pub(crate) static SERVICE_ACCOUNT: Type = Type::Record(&Record {
    name: "ServiceAccount",
    fields: &[
        KIND,
        API_VERSION,
        METADATA,
        // Told apart by name, each taken as a whole.
        field("secrets", ListBy("name", &AtomicRecord(&OBJECT_REFERENCE))),
        field("imagePullSecrets", AtomicList(&AtomicRecord(&LOCAL_REFERENCE))),
        field("automountServiceAccountToken", Boolean),
    ],
});

/// `v1`, `Namespace`.
pub(crate) static NAMESPACE: Type = Type::Record(&Record {
    name: "Namespace",
    fields: &[
        KIND,
        API_VERSION,
        METADATA,
        always(
            "spec",
            Type::Record(&Record { name: "NamespaceSpec", fields: &[field("finalizers", AtomicList(&Text))] }),
        ),
        always(
            "status",
            Type::Record(&Record {
                name: "NamespaceStatus",
                fields: &[field("phase", Text), field("conditions", ListBy("type", &Type::Record(&CONDITION)))],
            }),
        ),
    ],
});

/// `authentication.k8s.io/v1`, `TokenRequest`.
pub(crate) static TOKEN_REQUEST: Type = Type::Record(&Record {
    name: "TokenRequest",
    fields: &[
        KIND,
        API_VERSION,
        METADATA,
        always("spec", Type::Record(&TOKEN_REQUEST_SPEC)),
        always("status", Type::Record(&Record { name: "TokenRequestStatus", fields: &[] })),
    ],
});

/// `authorization.k8s.io/v1`, `SelfSubjectAccessReview`.
pub(crate) static SELF_REVIEW: Type = Type::Record(&Record {
    name: "SelfSubjectAccessReview",
    fields: &[
        KIND,
        API_VERSION,
        METADATA,
        always("spec", Type::Record(&Record { name: "SelfSubjectAccessReviewSpec", fields: &[RESOURCE, PATH] })),
        always("status", Type::Record(&Record { name: "SubjectAccessReviewStatus", fields: &[] })),
    ],
});

/// `authorization.k8s.io/v1`, `SubjectAccessReview`.
pub(crate) static REVIEW: Type = Type::Record(&Record {
    name: "SubjectAccessReview",
    fields: &[
        KIND,
        API_VERSION,
        METADATA,
        always(
            "spec",
            Type::Record(&Record {
                name: "SubjectAccessReviewSpec",
                fields: &[
                    RESOURCE,
                    PATH,
                    field("user", Text),
                    field("groups", AtomicList(&Text)),
                    field("extra", Any),
                    field("uid", Text),
                ],
            }),
        ),
        always("status", Type::Record(&Record { name: "SubjectAccessReviewStatus", fields: &[] })),
    ],
});

const RESOURCE: Field = field("resourceAttributes", Type::Record(&RESOURCE_ATTRIBUTES));
const PATH: Field = field("nonResourceAttributes", Type::Record(&PATH_ATTRIBUTES));

static RESOURCE_ATTRIBUTES: Record = Record {
    name: "ResourceAttributes",
    fields: &[
        field("namespace", Text),
        field("verb", Text),
        field("group", Text),
        field("version", Text),
        field("resource", Text),
        field("subresource", Text),
        field("name", Text),
        field("fieldSelector", Any),
        field("labelSelector", Any),
    ],
};

static PATH_ATTRIBUTES: Record =
    Record { name: "NonResourceAttributes", fields: &[field("path", Text), field("verb", Text)] };

static TOKEN_REQUEST_SPEC: Record = Record {
    name: "TokenRequestSpec",
    fields: &[
        always("audiences", AtomicList(&Text)),
        always("expirationSeconds", Integer),
        always("boundObjectRef", AtomicRecord(&BOUND_OBJECT)),
    ],
};

static BOUND_OBJECT: Record = Record {
    name: "BoundObjectReference",
    fields: &[field("kind", Text), field("apiVersion", Text), field("name", Text), field("uid", Text)],
};

static OBJECT_META: Record = Record {
    name: "ObjectMeta",
    fields: &[
        field("name", Text),
        field("generateName", Text),
        field("namespace", Text),
        field("selfLink", Text),
        field("uid", Text),
        field("resourceVersion", Text),
        field("generation", Integer),
        field("creationTimestamp", Text),
        field("deletionTimestamp", Text),
        field("deletionGracePeriodSeconds", Integer),
        field("labels", Map),
        field("annotations", Map),
        field("ownerReferences", ListBy("uid", &AtomicRecord(&OWNER_REFERENCE))),
        field("finalizers", Set),
        field("managedFields", AtomicList(&Any)),
    ],
};

static OWNER_REFERENCE: Record = Record {
    name: "OwnerReference",
    fields: &[
        always("apiVersion", Text),
        always("kind", Text),
        always("name", Text),
        always("uid", Text),
        field("controller", Boolean),
        field("blockOwnerDeletion", Boolean),
    ],
};

static OBJECT_REFERENCE: Record = Record {
    name: "ObjectReference",
    fields: &[
        field("kind", Text),
        field("namespace", Text),
        field("name", Text),
        field("uid", Text),
        field("apiVersion", Text),
        field("resourceVersion", Text),
        field("fieldPath", Text),
    ],
};

static LOCAL_REFERENCE: Record = Record { name: "LocalObjectReference", fields: &[field("name", Text)] };

static CONDITION: Record = Record {
    name: "NamespaceCondition",
    fields: &[
        always("type", Text),
        always("status", Text),
        field("lastTransitionTime", Text),
        field("reason", Text),
        field("message", Text),
    ],
};
