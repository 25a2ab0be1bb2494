"""What an activation does to Gaussian inputs: gains, length and correlation maps, kernels."""

from jaxact.theory.closed_form import KERNELS as KERNELS
from jaxact.theory.initializers import orthogonal as orthogonal
from jaxact.theory.initializers import root_laplace as root_laplace
from jaxact.theory.initializers import siren as siren
from jaxact.theory.initializers import uniform as uniform
from jaxact.theory.initializers import variance_scaling as variance_scaling
from jaxact.theory.kernels import Kernels as Kernels
from jaxact.theory.kernels import dual_kernel as dual_kernel
from jaxact.theory.kernels import dual_slope as dual_slope
from jaxact.theory.kernels import network_kernels as network_kernels
from jaxact.theory.mean_field import DepthScales as DepthScales
from jaxact.theory.mean_field import EdgePoint as EdgePoint
from jaxact.theory.mean_field import chi as chi
from jaxact.theory.mean_field import correlation_map as correlation_map
from jaxact.theory.mean_field import depth_scales as depth_scales
from jaxact.theory.mean_field import edge_of_chaos as edge_of_chaos
from jaxact.theory.mean_field import fixed_correlation as fixed_correlation
from jaxact.theory.mean_field import fixed_length as fixed_length
from jaxact.theory.mean_field import length_map as length_map
from jaxact.theory.moments import Gains as Gains
from jaxact.theory.moments import Moments as Moments
from jaxact.theory.moments import expectation as expectation
from jaxact.theory.moments import gains as gains
from jaxact.theory.moments import lipschitz as lipschitz
from jaxact.theory.moments import moments as moments
from jaxact.theory.moments import normalized as normalized
