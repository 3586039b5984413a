// The program `varved`: Poco's ServerApplication around the App. Options, signals, exit codes.
#pragma once

#include <string>

#include <Poco/Util/ServerApplication.h>

#include "app.hpp"

namespace varve {

// Blocks SIGHUP, SIGTERM and SIGINT in the calling thread and all that come from it; Varved waits
// for them.
void block_signals();

// Has malloc give memory back that is not used any more. Before any thread, once.
void bound_malloc();

class Varved final : public Poco::Util::ServerApplication {
  protected:
    void initialize(Poco::Util::Application &self) override;
    void defineOptions(Poco::Util::OptionSet &options) override;
    void handleOption(const std::string &name, const std::string &value) override;
    int main(const std::vector<std::string> &arguments) override;

  private:
    int serve(App &app);
    void wait_for_signals(App &app);

    ConfigSources sources_;
    bool show_help_ = false;
    bool show_version_ = false;
    bool check_config_ = false;
    bool print_config_ = false;
};

}  // namespace varve
