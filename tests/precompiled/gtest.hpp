// SPDX-License-Identifier: LGPL-2.1-or-later
// What each test includes by itself, too; read once for all of a program's sources.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
