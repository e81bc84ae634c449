"""botocore's service models, loaded once a process asks for one; the authority for shapes."""

from functools import cache

from botocore.loaders import Loader
from botocore.model import ServiceModel


@cache
def service_model(name: str) -> ServiceModel:
    """The newest model of the service botocore calls `name`. Raises UnknownServiceError.

    Cached for the process: a model is data of an installed package, the same for every platform.
    """
    return ServiceModel(Loader().load_service_model(name, "service-2"), service_name=name)
