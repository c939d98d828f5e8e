// GPU names as people, nvidia-smi and shops write them, brought to one key.
#pragma once

#include <string>
#include <string_view>

namespace yizhan {

/// Letters and digits of `name` in lower case, without what does not tell GPUs apart: the brand ("NVIDIA", "GeForce",
/// "Tesla"), the form ("Laptop GPU", "with Max-Q Design", "SXM4", "PCIe"), the memory ("80GB", "HBM3"), a vGPU profile
/// ("-16Q") and a MIG slice. "NVIDIA GeForce RTX 3080 Ti Laptop GPU" and "rtx_3080ti" are both "rtx3080ti"; "Tesla
/// V100-SXM2-16GB" is "v100". Empty where nothing is left, and for names over 100 bytes.
std::string gpu_key(std::string_view name);

} // namespace yizhan
