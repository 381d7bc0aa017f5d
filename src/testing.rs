//! The one attribute of all unit tests: `use crate::testing::test;` makes `#[test]` run natively,
//! and in a browser where the crate is compiled for one (`wasm-pack test --headless --chrome`).

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use core::prelude::v1::test;

#[cfg(target_arch = "wasm32")]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
