// SPDX-License-Identifier: LGPL-2.1-or-later
// Conversations with agents that do as they should, and with guests that do anything else.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "driver/daemon/agent/agent_conversation.hpp"
#include "driver/daemon/api/guest_answers.hpp"
#include "sevcore/base/error.hpp"
#include "tests/driver/daemon/agent/fake_agent.hpp"

namespace virtsev::daemon::test {
namespace {

using namespace std::chrono_literals;

class Conversation : public ::testing::Test {
 protected:
  /// What one question comes to: the answer's string or number, or the error's code and text.
  struct Outcome {
    std::string said;
    ErrorCode code{};
  };
  asio::awaitable<void> talk(std::shared_ptr<AgentConversation> conversation, Outcome& outcome) {
    try {
      co_await conversation->sync(limit_);
      AgentCommand command("guest-get-host-name");
      if (told_) {
        co_await conversation->tell(std::move(command), limit_);
        outcome.said = "told";
        co_return;
      }
      const AgentValue answer = co_await conversation->ask(std::move(command), limit_);
      outcome.said = answer.string().value_or("something else");
    } catch (const Error& error) {
      outcome.code = error.code();
      outcome.said = error.what();
    }
  }
  Outcome ask(FakeAgent::Script script) {
    Outcome outcome;
    asio::io_context io{1};
    const auto conversation =
        std::make_shared<AgentConversation>(io.get_executor(), FakeAgent::start(io, std::move(script)));
    bool done = false;
    asio::co_spawn(
        io, [this, &conversation, &outcome]() { return talk(conversation, outcome); },
        [&done](const std::exception_ptr& failure) {
          EXPECT_FALSE(failure);
          done = true;
        });
    while (!done) {
      io.run_one();
    }
    return outcome;
  }
  /// The agent comes into step, and answers the question with this.
  Outcome ask_for(const std::string& answer) {
    return ask([answer](const std::string& line) {
      const std::string sync = FakeAgent::answer_sync(line);
      return sync.empty() ? answer : sync;
    });
  }

  std::chrono::milliseconds limit_{10000};
  bool told_ = false;
};

TEST_F(Conversation, GivesTheAnswer) {
  EXPECT_EQ(ask_for("{\"return\": \"inside\"}\n").said, "inside");
  EXPECT_EQ(ask_for(" {\"return\":\"a\\nb\\u001b[31m\\u0000c\"}\r\n").said, "a b?[31m?c")
      << "fit for a terminal";
}

TEST_F(Conversation, SendsTheMarkAndDropsWhatIsOld) {
  std::string first;
  const Outcome outcome = ask([&first](const std::string& line) -> std::string {
    if (first.empty()) {
      first = line;
    }
    const std::string sync = FakeAgent::answer_sync(line);
    return sync.empty() ? "{\"return\": \"new\"}\n"
                        : "{\"return\": \"old\"}\n{\"ret\xff{\"return\": 1}\n\xff{\"retu" + sync;
  });
  EXPECT_EQ(first.substr(0, 2), "\xff{");
  EXPECT_EQ(outcome.said, "new");
}

TEST_F(Conversation, EndsWithAnAgentThatNeverAnswers) {
  limit_ = 50ms;
  EXPECT_EQ(ask([](const std::string&) { return ""; }).code, kAgentUnresponsive);
  EXPECT_EQ(ask_for("").code, kAgentUnresponsive);
}

TEST_F(Conversation, EndsWithAWrongNumberForEver) {
  const Outcome outcome = ask([](const std::string&) {
    std::string all;
    for (int i = 0; i < 1000; ++i) {
      all += "\xff{\"return\": 7}\n";
    }
    return all;
  });
  EXPECT_EQ(outcome.code, kAgentUnsynced);
  limit_ = 50ms;
  EXPECT_EQ(ask([](const std::string&) { return "\xff{\"return\": 7}\n"; }).code, kAgentUnsynced);
}

TEST_F(Conversation, EndsWithAnAnswerWithoutEnd) {
  const std::string endless(AgentConversation::kMaxBytes + 100000, 'a');
  const Outcome outcome = ask_for("{\"return\": \"" + endless);
  EXPECT_EQ(outcome.code, ErrorCode::kOperationFailed);
  EXPECT_NE(outcome.said.find("more than 1048576 bytes"), std::string::npos) << outcome.said;
  EXPECT_EQ(ask([&endless](const std::string&) { return endless; }).code, kAgentUnsynced) << "without a mark";
}

TEST_F(Conversation, RefusesWhatIsNoJson) {
  for (const char* answer : {"hello\n", "\n", "{\"return\": \"a\"} {}\n", "{\"return\": \"\xff\xfe\"}\n",
                             "[]\n", "7\n", "{\"neither\": 1}\n", "{\"return\": \"a\"\n"}) {
    EXPECT_EQ(ask_for(answer).code, ErrorCode::kOperationFailed) << answer;
  }
}

TEST_F(Conversation, RefusesDeepNesting) {
  std::string deep(500000, '[');
  EXPECT_EQ(ask_for("{\"return\": " + deep + "\n").code, ErrorCode::kOperationFailed);
  EXPECT_EQ(ask_for("{\"return\": " + deep + std::string(500000, ']') + "}\n").code,
            ErrorCode::kOperationFailed);
  EXPECT_FALSE(AgentValue::parse(std::string(17, '[') + std::string(17, ']')));
  EXPECT_TRUE(AgentValue::parse(std::string(16, '[') + std::string(16, ']')));
  EXPECT_TRUE(AgentValue::parse("\"[[[[[[[[[[[[[[[[[[[[[\\\"[\"")) << "in a string they are text";
}

TEST_F(Conversation, PassesOnWhatTheAgentRefuses) {
  const Outcome unknown = ask_for(
      "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The command x has not been found\"}}\n");
  EXPECT_EQ(unknown.code, ErrorCode::kOperationUnsupported);
  const Outcome failed =
      ask_for("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\\u001b disk\"}}\n");
  EXPECT_EQ(failed.code, ErrorCode::kOperationFailed);
  EXPECT_EQ(failed.said, "the agent in the guest refused guest-get-host-name: no? disk");
  EXPECT_EQ(ask_for("{\"error\": 7}\n").code, ErrorCode::kOperationFailed);
}

TEST_F(Conversation, EndsWithAGuestThatHangsUp) {
  EXPECT_EQ(ask([](const std::string&) { return "hang up"; }).code, kAgentUnresponsive);
  EXPECT_EQ(ask_for("hang up").code, kAgentUnresponsive);
}

TEST_F(Conversation, TakesSilenceAndTheEndForDoneWhereNothingIsAnswered) {
  told_ = true;
  EXPECT_EQ(ask_for("hang up").said, "told");
  EXPECT_EQ(ask_for("{\"error\": {\"class\": \"GenericError\", \"desc\": \"busy\"}}\n").code,
            ErrorCode::kOperationFailed);
  limit_ = 50ms;
  EXPECT_EQ(ask_for("").said, "told");
}

}  // namespace
}  // namespace virtsev::daemon::test
