//! The fields of the kinds that the sandbox knows.
//!
//! Source: the OpenAPI document of Kubernetes 1.36, with its `x-kubernetes-list-type` and `x-kubernetes-map-type`; the
//! numbers are those of its `generated.proto` files. Kind and version have none: they stand around an object.

use super::schema::{Field, Record, Type, always, field};

use Type::{Any, AtomicList, AtomicRecord, Boolean, BytesMap, Integer, ListBy, Map, Number, Set, Text, Time};

const API_VERSION: Field = field(0, "apiVersion", Text);
const KIND: Field = field(0, "kind", Text);
const METADATA: Field = always(1, "metadata", Type::Record(&OBJECT_META));

/// `v1`, `ServiceAccount`.
pub(crate) static SERVICE_ACCOUNT: Type = Type::Record(&Record {
    name: "ServiceAccount",
    fields: &[
        KIND,
        API_VERSION,
        METADATA,
        // Told apart by name, each taken as a whole.
        field(2, "secrets", ListBy("name", &AtomicRecord(&OBJECT_REFERENCE))),
        field(3, "imagePullSecrets", AtomicList(&AtomicRecord(&LOCAL_REFERENCE))),
        field(4, "automountServiceAccountToken", Boolean),
    ],
});

/// `v1`, `Secret`.
pub(crate) static SECRET: Type = Type::Record(&Record {
    name: "Secret",
    fields: &[
        KIND,
        API_VERSION,
        METADATA,
        field(2, "data", BytesMap),
        field(4, "stringData", Map),
        field(3, "type", Text),
        field(5, "immutable", Boolean),
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
            2,
            "spec",
            Type::Record(&Record { name: "NamespaceSpec", fields: &[field(1, "finalizers", AtomicList(&Text))] }),
        ),
        always(
            3,
            "status",
            Type::Record(&Record {
                name: "NamespaceStatus",
                fields: &[field(1, "phase", Text), field(2, "conditions", ListBy("type", &Type::Record(&CONDITION)))],
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
        always(2, "spec", Type::Record(&TOKEN_REQUEST_SPEC)),
        always(3, "status", Type::Record(&Record { name: "TokenRequestStatus", fields: &[] })),
    ],
});

/// `authorization.k8s.io/v1`, `SelfSubjectAccessReview`.
pub(crate) static SELF_REVIEW: Type = Type::Record(&Record {
    name: "SelfSubjectAccessReview",
    fields: &[
        KIND,
        API_VERSION,
        METADATA,
        always(2, "spec", Type::Record(&Record { name: "SelfSubjectAccessReviewSpec", fields: &[RESOURCE, PATH] })),
        always(3, "status", Type::Record(&Record { name: "SubjectAccessReviewStatus", fields: &[] })),
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
            2,
            "spec",
            Type::Record(&Record {
                name: "SubjectAccessReviewSpec",
                fields: &[
                    RESOURCE,
                    PATH,
                    field(3, "user", Text),
                    field(4, "groups", AtomicList(&Text)),
                    field(5, "extra", Any),
                    field(6, "uid", Text),
                ],
            }),
        ),
        always(3, "status", Type::Record(&Record { name: "SubjectAccessReviewStatus", fields: &[] })),
    ],
});

const RESOURCE: Field = field(1, "resourceAttributes", Type::Record(&RESOURCE_ATTRIBUTES));
const PATH: Field = field(2, "nonResourceAttributes", Type::Record(&PATH_ATTRIBUTES));

static RESOURCE_ATTRIBUTES: Record = Record {
    name: "ResourceAttributes",
    fields: &[
        field(1, "namespace", Text),
        field(2, "verb", Text),
        field(3, "group", Text),
        field(4, "version", Text),
        field(5, "resource", Text),
        field(6, "subresource", Text),
        field(7, "name", Text),
        field(8, "fieldSelector", Any),
        field(9, "labelSelector", Any),
    ],
};

static PATH_ATTRIBUTES: Record =
    Record { name: "NonResourceAttributes", fields: &[field(1, "path", Text), field(2, "verb", Text)] };

static TOKEN_REQUEST_SPEC: Record = Record {
    name: "TokenRequestSpec",
    fields: &[
        always(1, "audiences", AtomicList(&Text)),
        always(4, "expirationSeconds", Integer),
        always(3, "boundObjectRef", AtomicRecord(&BOUND_OBJECT)),
    ],
};

static BOUND_OBJECT: Record = Record {
    name: "BoundObjectReference",
    fields: &[field(1, "kind", Text), field(2, "apiVersion", Text), field(3, "name", Text), field(4, "uid", Text)],
};

static OBJECT_META: Record = Record {
    name: "ObjectMeta",
    fields: &[
        field(1, "name", Text),
        field(2, "generateName", Text),
        field(3, "namespace", Text),
        field(4, "selfLink", Text),
        field(5, "uid", Text),
        field(6, "resourceVersion", Text),
        field(7, "generation", Number),
        field(8, "creationTimestamp", Time),
        field(9, "deletionTimestamp", Time),
        field(10, "deletionGracePeriodSeconds", Integer),
        field(11, "labels", Map),
        field(12, "annotations", Map),
        field(13, "ownerReferences", ListBy("uid", &AtomicRecord(&OWNER_REFERENCE))),
        field(14, "finalizers", Set),
        field(17, "managedFields", AtomicList(&Any)),
    ],
};

static OWNER_REFERENCE: Record = Record {
    name: "OwnerReference",
    fields: &[
        always(5, "apiVersion", Text),
        always(1, "kind", Text),
        always(3, "name", Text),
        always(4, "uid", Text),
        field(6, "controller", Boolean),
        field(7, "blockOwnerDeletion", Boolean),
    ],
};

static OBJECT_REFERENCE: Record = Record {
    name: "ObjectReference",
    fields: &[
        field(1, "kind", Text),
        field(2, "namespace", Text),
        field(3, "name", Text),
        field(4, "uid", Text),
        field(5, "apiVersion", Text),
        field(6, "resourceVersion", Text),
        field(7, "fieldPath", Text),
    ],
};

static LOCAL_REFERENCE: Record = Record { name: "LocalObjectReference", fields: &[field(1, "name", Text)] };

static CONDITION: Record = Record {
    name: "NamespaceCondition",
    fields: &[
        always(1, "type", Text),
        always(2, "status", Text),
        field(4, "lastTransitionTime", Time),
        field(5, "reason", Text),
        field(6, "message", Text),
    ],
};

/// What a delete brings along.
pub(crate) static DELETE_OPTIONS: Type = Type::Record(&Record {
    name: "DeleteOptions",
    fields: &[
        KIND,
        API_VERSION,
        field(1, "gracePeriodSeconds", Integer),
        field(
            2,
            "preconditions",
            AtomicRecord(&Record {
                name: "Preconditions",
                fields: &[field(1, "uid", Text), field(2, "resourceVersion", Text)],
            }),
        ),
        field(3, "orphanDependents", Boolean),
        field(4, "propagationPolicy", Text),
        field(5, "dryRun", AtomicList(&Text)),
    ],
});
