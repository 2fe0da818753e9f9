//! Nobody but people tells the platform.

use std::marker::PhantomData;

use async_trait::async_trait;
use cloudgrant_conformance::platforms::{PlatformFixture, Sample, WITHOUT_BACKEND};

use super::{Known, Principals, keys_of_file, skipped};

/// A platform that people tell.
#[derive(Debug)]
pub struct Handoff<P, T>(PhantomData<fn() -> (P, T)>);

#[async_trait]
impl<P: Known, T: Principals> PlatformFixture for Handoff<P, T> {
    type Platform = P;

    fn skipped() -> Vec<(&'static str, &'static str)> {
        [skipped::<P, T>(true).as_slice(), WITHOUT_BACKEND].concat()
    }

    async fn fresh() -> Self {
        Self(PhantomData)
    }

    fn sample(&self) -> Sample {
        T::SAMPLE
    }

    fn keys_of_file(&self, path: &str) -> Option<Vec<&'static str>> {
        keys_of_file::<P>(path)
    }
}
