//! The one attribute of all tests: `use crate::testing::test;` makes `#[test]` run natively, and in
//! a browser where the suite is compiled for one.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use core::prelude::v1::test;

#[cfg(target_arch = "wasm32")]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
