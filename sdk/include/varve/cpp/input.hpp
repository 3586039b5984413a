// The base class of inputs.
#pragma once

#include "../kind/input.h"
#include "plugin.hpp"

namespace varve {

class Input : public Plugin {
  public:
    // The real addresses it listens on, "udp://127.0.0.1:8089", separated by spaces. [any]
    virtual std::string addresses() const { return {}; }

    const void *extension(std::string_view id) override {
        static const varve_input table = {sizeof(varve_input), 0, &write_addresses};
        return id == VARVE_INPUT_ID ? &table : nullptr;
    }

  private:
    static void write_addresses(varve_instance *self, varve_sink out) {
        guarded_void([&] {
            const std::string text = instance_of<Input>(self).addresses();
            out.append(out.ctx, text.data(), text.size());
        });
    }
};

}  // namespace varve
