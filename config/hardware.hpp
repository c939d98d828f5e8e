// The numbers by which GPUs, drivers and CUDA are told apart. Each is compared number by number: as text "cu92" would
// stand above "cu130", and "9.2" above "10.2".
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace yizhan {

/// A release of the CUDA toolkit, as far as builds tell them apart.
struct CudaVersion {
    unsigned major = 0;
    unsigned minor = 0; ///< 0 to 9: tags give it one digit

    /// Reads "10.2"; a patch number ("10.2.89") is ignored. nullopt for anything else.
    static std::optional<CudaVersion> parse(std::string_view text);

    /// Reads "cu102" and "cu92": the last digit is the minor version.
    static std::optional<CudaVersion> parse_tag(std::string_view text);

    std::string str() const; ///< "10.2"
    std::string tag() const; ///< "cu102"
    auto operator<=>(const CudaVersion&) const = default;
};

/// What a GPU can execute: 8.6 for an RTX 3090.
struct ComputeCapability {
    unsigned major = 0;
    unsigned minor = 0; ///< 0 to 9

    static std::optional<ComputeCapability> parse(std::string_view text);    ///< "8.6"
    static std::optional<ComputeCapability> parse_sm(std::string_view text); ///< "sm86", "sm_86", "sm120"

    std::string str() const; ///< "8.6"
    std::string sm() const;  ///< "sm86"
    auto operator<=>(const ComputeCapability&) const = default;
};

/// One entry of what a build carries: machine code (a cubin) for a capability, or with PTX also the portable form that
/// the driver compiles for newer ones.
struct KernelCode {
    ComputeCapability capability;
    bool ptx = false;

    static std::optional<KernelCode> parse(std::string_view text); ///< "8.0", "9.0+PTX"

    std::string str() const;
    bool operator==(const KernelCode&) const = default;
};

/// A release of NVIDIA's display driver: "441.22", "580.95.05", or only a branch, "580", which counts as its start.
class DriverVersion {
  public:
    /// One to three numbers of at most four digits, the first not zero.
    static std::optional<DriverVersion> parse(std::string_view text);

    unsigned branch() const { return parts_[0]; }
    std::string str() const; ///< as NVIDIA writes it: two digits at least after a dot
    std::strong_ordering operator<=>(const DriverVersion& other) const { return parts_ <=> other.parts_; }
    bool operator==(const DriverVersion& other) const { return parts_ == other.parts_; }

  private:
    std::array<unsigned, 3> parts_{};
    std::size_t given_ = 1;
};

} // namespace yizhan
