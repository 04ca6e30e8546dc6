// One connector that a conformance suite is run with. Used by the suites and by the connectors'
// files.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace outrider::conformance {

/// `make` gives each test a connector with a server (or a part of one) that no other test uses.
template <class UnderTest>
struct Case {
  std::string name;
  std::function<std::unique_ptr<UnderTest>()> make;
};

template <class UnderTest>
void PrintTo(const Case<UnderTest>& printed, std::ostream* out) {
  *out << printed.name;
}

template <class UnderTest>
std::string name_of(const ::testing::TestParamInfo<Case<UnderTest>>& info) {
  return info.param.name;
}

/// A suite's fixture.
template <class UnderTest>
class Conformance : public ::testing::TestWithParam<Case<UnderTest>> {
 protected:
  const std::unique_ptr<UnderTest> under_test_ = this->GetParam().make();
};

}  // namespace outrider::conformance
