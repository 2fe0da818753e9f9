//! The reference platform with something wrong: a wrapper, and what can go wrong in it.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_conformance::platforms::reference::{Board, BoardWorld, Config, Pins};
use cloudgrant_conformance::platforms::{PlatformFixture, Sample};
use cloudgrant_conformance::{Fault, Hook, Requests};
use cloudgrant_core::{
    Approved, Backend, Change, ConnectPlatform, DeliveryFile, Desired, Error, ExecutePermission, HandedOff, Handoff,
    HowAsked, Marked, ObjectId, Observed, Outcome, Pair, Platform, PlatformContext, PlatformPlace, Principal, Result,
    Scope, Settings, Stack, Tenancy, WayTo,
};
use serde_json::{Value, json};

/// One thing that is wrong. What isn't overridden is right.
pub(crate) trait Breakage: Debug + Default + Send + Sync + 'static {
    /// Of what the platform is told.
    const SAMPLE: Sample = Sample::ROLE;
    /// Whether people write the records.
    const BY_HAND: bool = false;
    /// What is skipped where nothing is wrong.
    fn skipped() -> Vec<(&'static str, &'static str)> {
        BoardWorld::skipped()
    }

    /// Right after connecting.
    fn connected(&self, _board: &Board) {}
    /// It was told of principals.
    fn delivered(&self, _board: &Board, _principals: &[Principal], _answer: &mut Desired) {}
    fn kinds(&self, kinds: &'static [&'static str]) -> &'static [&'static str] {
        kinds
    }
    fn files(&self, _board: &Board, _principals: &[Principal], _files: &mut Vec<DeliveryFile>) {}
    fn unbinding(&self, said: String) -> String {
        said
    }
    fn taken_back(&self, _asked: (&str, &str), said: Option<(ObjectId, Handoff)>) -> Option<(ObjectId, Handoff)> {
        said
    }
    fn way_to(&self, way: Option<WayTo>) -> Option<WayTo> {
        way
    }
    /// Observe has answered.
    fn seen(&self, _board: &Board, _desired: &Desired, _observed: &mut Observed) {}
    /// Instead of applying.
    fn instead(&self, _board: &Board, _change: &Change) -> Option<Result<Outcome>> {
        None
    }
    /// After applying.
    fn made(&self, _board: &Board, _change: &Change, outcome: Outcome) -> Result<Outcome> {
        Ok(outcome)
    }
    /// Something has failed.
    fn failed(&self, error: Error) -> Error {
        error
    }
    fn marked(&self, _board: &Board, _marked: &mut Vec<Marked>) {}
    fn reached(&self, name: String) -> String {
        name
    }
}

#[derive(Debug)]
pub(crate) struct Broken<B> {
    inner: Pins,
    writer: BrokenRecords<B>,
}

/// The reference platform's backend with the same thing wrong.
#[derive(Debug)]
struct BrokenRecords<B> {
    inner: Pins,
    board: Board,
    breakage: B,
}

impl<B: Breakage> Platform for Broken<B> {
    fn name(&self) -> &'static str {
        "Broken"
    }

    fn tenancy(&self) -> &Tenancy {
        self.inner.tenancy()
    }

    fn deliver(&self, principals: &[Principal]) -> Result<Desired> {
        let mut answer = self.inner.deliver(principals)?;
        self.writer.breakage.delivered(&self.writer.board, principals, &mut answer);
        Ok(answer)
    }

    fn kinds(&self) -> &'static [&'static str] {
        self.writer.breakage.kinds(self.inner.kinds())
    }

    fn backend(&self) -> Option<&dyn Backend> {
        self.inner.backend().is_some().then_some(&self.writer as _)
    }

    fn way_to(&self, place: &str) -> Option<WayTo> {
        self.writer.breakage.way_to(self.inner.way_to(place))
    }

    fn files(&self, principals: &[Principal]) -> Vec<DeliveryFile> {
        let mut files = self.inner.files(principals);
        self.writer.breakage.files(&self.writer.board, principals, &mut files);
        files
    }

    fn unbinding(&self, bound: &[String]) -> String {
        self.writer.breakage.unbinding(self.inner.unbinding(bound))
    }

    fn taken_back(&self, kind: &str, name: &str, how: &HowAsked) -> Option<(ObjectId, Handoff)> {
        self.writer.breakage.taken_back((kind, name), self.inner.taken_back(kind, name, how))
    }

    fn asked_for(&self, scope: &Scope) -> Option<HandedOff> {
        self.inner.asked_for(scope)
    }

    fn execute_permission(&self) -> ExecutePermission {
        self.inner.execute_permission()
    }
}

impl<B: Breakage> BrokenRecords<B> {
    fn records(&self) -> &dyn Backend {
        self.inner.backend().expect("it isn't by hand")
    }
}

#[async_trait]
impl<B: Breakage> Backend for BrokenRecords<B> {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        let observed = self.records().observe(desired).await;
        let mut observed = observed.map_err(|error| self.breakage.failed(error))?;
        self.breakage.seen(&self.board, desired, &mut observed);
        Ok(observed)
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        if let Some(result) = self.breakage.instead(&self.board, change.change()) {
            return result;
        }
        let outcome = self.records().apply(change).await.map_err(|error| self.breakage.failed(error))?;
        self.breakage.made(&self.board, change.change(), outcome)
    }

    async fn marked(&self) -> Result<Vec<Marked>> {
        let mut marked = self.records().marked().await?;
        self.breakage.marked(&self.board, &mut marked);
        Ok(marked)
    }

    async fn reached(&self) -> Result<Vec<PlatformPlace>> {
        let places = self.records().reached().await?.into_iter();
        Ok(places
            .map(|PlatformPlace { name, kinds }| PlatformPlace { name: self.breakage.reached(name), kinds })
            .collect())
    }

    fn mark(&self, stack: &Stack, home: &str) -> String {
        self.records().mark(stack, home)
    }
}

impl<B: Breakage> ConnectPlatform for Broken<B> {
    const ID: &'static str = "broken";
    const SUMMARY: &'static str = "a broken platform";
    type Config = Config;

    fn connect(context: PlatformContext, config: Config) -> Self {
        let (board, breakage) = (Board::named(&config.board), B::default());
        breakage.connected(&board);
        let inner = Pins::connect(context.clone(), config.clone());
        // Whoever writes by hand has no backend; the other one is there to be asked.
        let records = Pins::connect(context, Config { by_hand: false, ..config });
        Self { inner, writer: BrokenRecords { inner: records, board, breakage } }
    }
}

/// A board, with a broken platform before it.
#[derive(Debug)]
pub(crate) struct BrokenBoard<B>(BoardWorld, PhantomData<fn() -> B>);

#[async_trait]
impl<B: Breakage> PlatformFixture for BrokenBoard<B> {
    type Platform = Broken<B>;

    fn skipped() -> Vec<(&'static str, &'static str)> {
        B::skipped()
    }

    async fn fresh() -> Self {
        Self(BoardWorld::fresh().await, PhantomData)
    }
    fn keys(&self) -> Value {
        json!({ "board": self.0.name, "by_hand": B::BY_HAND })
    }
    fn sample(&self) -> Sample {
        B::SAMPLE
    }
    /// Who is broken for good need not be waited for.
    fn settings(&self) -> Settings {
        let settle = Duration::from_millis(100);
        Settings { patience: 10 * settle, settle, ..self.0.settings() }
    }
    async fn snapshot(&self) -> Value {
        self.0.snapshot().await
    }
    async fn runs_under(&self, pair: &Pair) -> Option<String> {
        self.0.runs_under(pair).await
    }
    async fn requests(&self) -> Option<Requests> {
        self.0.requests().await
    }
    async fn plant_foreign(&self) -> Hook {
        self.0.plant_foreign().await
    }
    async fn occupy(&self, object: &ObjectId) -> Hook {
        self.0.occupy(object).await
    }
    async fn tamper(&self, object: &ObjectId) -> Hook {
        self.0.tamper(object).await
    }
    async fn remove(&self, object: &ObjectId) -> Hook {
        self.0.remove(object).await
    }
    async fn fault(&self, fault: Fault) -> Hook {
        self.0.fault(fault).await
    }
    fn keys_of_file(&self, path: &str) -> Option<Vec<&'static str>> {
        self.0.keys_of_file(path)
    }
}
