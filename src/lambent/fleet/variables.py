"""What a function's environment holds, in AWS's documented order.

Source: Lambda Developer Guide, "Defined runtime environment variables". A runtime family adds what
is its own: AWS_EXECUTION_ENV, AWS_LAMBDA_RUNTIME_API, PATH, LD_LIBRARY_PATH and the language's
search paths.
"""

from collections.abc import Mapping

from lambent.fleet.spec import Credentials, FunctionSpec, InitializationType

# Refused in a function's own variables. The unreserved ones a function may set are not here.
RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_LOG_FORMAT",
        "AWS_LAMBDA_LOG_LEVEL",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)


def environment_variables(
    spec: FunctionSpec,
    *,
    initialization_type: InitializationType,
    log_stream: str,
    credentials: Credentials,
    endpoint_url: str,
) -> dict[str, str]:
    """Every variable that does not depend on the runtime family; the function's own come last.

    `endpoint_url` is where the AWS services are for the function: the SDKs read AWS_ENDPOINT_URL,
    the one variable here that AWS itself does not set. A function may set it otherwise.
    """
    platform = {
        "_HANDLER": spec.handler,
        "AWS_REGION": spec.scope.region,
        "AWS_DEFAULT_REGION": spec.scope.region,
        "AWS_LAMBDA_FUNCTION_NAME": spec.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization_type,
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.logging.group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        **_logging(spec),
    }
    defaults = {
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_ENDPOINT_URL": endpoint_url,
    }
    return {**defaults, **_allowed(spec.variables), **platform}


def _logging(spec: FunctionSpec) -> dict[str, str]:
    if spec.logging.format != "JSON":
        return {}
    level = spec.logging.application_level or "INFO"
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": level}


def _allowed(variables: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in variables.items() if key not in RESERVED}
