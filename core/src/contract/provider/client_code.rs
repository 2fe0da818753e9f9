//! Lines of Python with which a cloud's own client uses a resource: what a cloud says, before a platform makes a task of it.

/// How task code uses one resource at one level, by the cloud's own client and as the task's principal.
///
/// Its texts name the constants by their suffix between angle brackets: `<URL>` in a line is the constant that is called so. What
/// stands in front of the suffix, the platform chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCode {
    /// The packages that the task's image needs.
    pub packages: &'static [&'static str],
    /// The lines that import what is used, sorted.
    pub imports: &'static [&'static str],
    /// Constants: the suffix of each, in capitals, and its value.
    pub constants: Vec<(&'static str, String)>,
    /// The lines of a function, not indented. They return nothing.
    pub body: Vec<&'static str>,
}
